"""The encoder of a GPU: only JPEG goes there, in the shape nvJPEG takes; failures end on the CPU.

The accelerator is played: torchvision's function by Pillow, which looks at what it is given.
`test_a_real_gpu_encodes` holds a real one to the same.
"""

import io
import sys
from collections.abc import Callable

import pytest
import torch
from PIL import Image

from common.renders import PictureFormat
from worker.images.encode import Encoder, encode
from worker.images.nvjpeg import NvjpegEncoder, encoder_for

HERE = torch.device("cpu")
COLOURS = torch.tensor([[210, 60, 30], [20, 180, 60], [30, 50, 210], [255, 255, 255]])


class PlayedGpu:
    """Encodes as torchvision does, and remembers what it was given."""

    def __init__(self, error: Exception | None = None) -> None:
        self.qualities: list[int] = []
        self._error = error

    def __call__(self, pixels: torch.Tensor, quality: int) -> torch.Tensor:
        assert pixels.dtype == torch.uint8
        assert pixels.is_contiguous()
        assert pixels.shape[0] == 3
        self.qualities.append(quality)
        if self._error is not None:
            raise self._error
        file = io.BytesIO()
        image = Image.fromarray(pixels.permute(1, 2, 0).contiguous().numpy())
        image.save(file, "JPEG", quality=quality, subsampling="4:4:4")
        return torch.frombuffer(bytearray(file.getvalue()), dtype=torch.uint8)


def picture() -> torch.Tensor:
    """Four quarters, the channels of a pixel side by side in memory."""
    image = torch.zeros(40, 56, 3, dtype=torch.uint8)
    image[:20, :28], image[:20, 28:], image[20:, :28], image[20:, 28:] = COLOURS.to(torch.uint8)
    return image.permute(2, 0, 1)


def assert_shows_the_picture(data: bytes) -> None:
    image = Image.open(io.BytesIO(data)).convert("RGB")
    assert image.size == (56, 40)
    for place, colour in zip(((8, 8), (48, 8), (8, 32), (48, 32)), COLOURS.tolist(), strict=True):
        found = image.getpixel(place)
        assert isinstance(found, tuple)
        assert all(abs(a - b) <= 6 for a, b in zip(found, colour, strict=True))


MakeEncoder = Callable[[], Encoder]


@pytest.mark.parametrize("picture_format", PictureFormat)
@pytest.mark.parametrize(
    "make", [lambda: encode, lambda: NvjpegEncoder(HERE, PlayedGpu())], ids=["CPU", "played GPU"]
)
def test_every_encoder_encodes_every_format(
    make: MakeEncoder, picture_format: PictureFormat
) -> None:
    quality = 92 if picture_format.has_quality else None
    data = make()(picture(), None, picture_format=picture_format, quality=quality)
    assert Image.open(io.BytesIO(data)).format == picture_format.name
    assert_shows_the_picture(data)


def test_jpeg_alone_goes_to_the_gpu() -> None:
    gpu = PlayedGpu()
    encoder = NvjpegEncoder(HERE, gpu)
    encoder(picture(), None, picture_format=PictureFormat.WEBP, quality=80)
    encoder(picture(), None, picture_format=PictureFormat.PNG, quality=None)
    assert gpu.qualities == []
    encoder(picture(), None, picture_format=PictureFormat.JPEG, quality=77)
    assert gpu.qualities == [77]


def test_transparency_becomes_white_there_too() -> None:
    gpu, alpha = PlayedGpu(), torch.full((40, 56), 255, dtype=torch.uint8)
    alpha[:, :28] = 0
    form = PictureFormat.JPEG
    data = NvjpegEncoder(HERE, gpu)(picture(), alpha, picture_format=form, quality=95)
    left = Image.open(io.BytesIO(data)).getpixel((8, 8))
    assert gpu.qualities == [95]
    assert isinstance(left, tuple)
    assert min(left) >= 250


@pytest.mark.parametrize("error", [torch.OutOfMemoryError("full"), RuntimeError("no nvJPEG")])
def test_what_fails_there_is_encoded_here(error: Exception) -> None:
    gpu = PlayedGpu(error)
    form = PictureFormat.JPEG
    data = NvjpegEncoder(HERE, gpu)(picture(), None, picture_format=form, quality=90)
    assert gpu.qualities == [90]
    assert_shows_the_picture(data)


def test_a_cpu_encodes_itself_and_a_gpu_without_torchvision_has_it_done() -> None:
    assert encoder_for(HERE) is encode
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torchvision.io", None)  # importing it fails
        assert encoder_for(torch.device("cuda", 0)) is encode


@pytest.mark.gpu
def test_a_real_gpu_encodes() -> None:
    encoder = encoder_for(torch.device("cuda", 0))
    assert isinstance(encoder, NvjpegEncoder)
    form = PictureFormat.JPEG
    assert_shows_the_picture(encoder(picture(), None, picture_format=form, quality=92))
