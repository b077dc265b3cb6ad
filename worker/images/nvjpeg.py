"""JPEG files made on a GPU by nvJPEG, through torchvision; all else by the encoder of the CPU.

Only ever of pictures of our own making. A stranger's JPEG is never decoded by it: what crashes
there takes the process that holds the GPU (docs/adr/0007-photo-codecs.md).
"""

import importlib
import logging
from collections.abc import Callable

import torch

from common.renders import PictureFormat
from worker.images.encode import Encoder, encode, over_white

_log = logging.getLogger(__name__)

# torchvision.io.encode_jpeg: uint8 [3, H, W] on the device and a quality; uint8 [N] on the device.
EncodeJpeg = Callable[[torch.Tensor, int], torch.Tensor]


def encoder_for(place: torch.device) -> Encoder:
    """Choose the encoder of a device: nvJPEG on a GPU, where torchvision can be loaded.

    Args:
        place: Where the models live.
    """
    if place.type != "cuda":
        return encode
    try:
        encode_jpeg = importlib.import_module("torchvision.io").encode_jpeg
    except (
        ImportError,
        RuntimeError,
    ) as error:  # made for another build of torch, it raises either
        _log.info("JPEG files are encoded on the CPU: torchvision cannot be loaded: %s", error)
        return encode
    return NvjpegEncoder(place, encode_jpeg)


class NvjpegEncoder:
    """Encodes on a GPU; a `worker.images.encode.Encoder`.

    Chroma stays whole, as on the CPU: torchvision asks nvJPEG for 4:4:4. What fails there, for want
    of memory or of nvJPEG itself, is encoded on the CPU.

    Args:
        place: The GPU.
        encode_jpeg: As `torchvision.io.encode_jpeg`.
    """

    def __init__(self, place: torch.device, encode_jpeg: EncodeJpeg) -> None:
        self._place = place
        self._encode_jpeg = encode_jpeg

    def __call__(
        self,
        pixels: torch.Tensor,
        alpha: torch.Tensor | None,
        *,
        picture_format: PictureFormat,
        quality: int | None,
    ) -> bytes:
        """Encode a picture; see `worker.images.encode.encode`."""
        if picture_format is PictureFormat.JPEG and quality is not None:
            shown = pixels if alpha is None else over_white(pixels, alpha)
            try:
                return self._encode(shown, quality)
            except RuntimeError as error:  # torch's errors of a device are of this kind
                _log.warning("a picture is encoded on the CPU, not by nvJPEG: %s", error)
        return encode(pixels, alpha, picture_format=picture_format, quality=quality)

    def _encode(self, pixels: torch.Tensor, quality: int) -> bytes:
        planar = pixels.to(self._place).contiguous()
        if self._place.type == "cuda":
            # nvJPEG works on a stream of its own, which does not wait for ours.
            torch.cuda.current_stream(self._place).synchronize()
        return self._encode_jpeg(planar, quality).cpu().numpy().tobytes()
