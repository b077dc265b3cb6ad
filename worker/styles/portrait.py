"""The style of a DCT-Net bundle: background net, and the face step where its parts are there."""

import io
from typing import Final

import torch
from PIL import Image
from torch import nn

from common.errors import ConfigurationError
from worker.bundles.bundle import Bundle
from worker.bundles.manifest import BundleFile, Role
from worker.bundles.weights import load_network
from worker.dctnet import alignment, area, faces, portrait, pupils
from worker.dctnet.onnx_faces import OnnxDetector, OnnxLandmarks
from worker.networks import guided_filter, whitebox_unet
from worker.networks.precision import Precision
from worker.styles.base import StyleCard
from worker.styles.bundled import check_tiles, place
from worker.styles.card import card_of

# What `execution.degraded` says of a style that paints no faces of its own.
NO_FACES: Final = "faces"
_MODULES: Final = (alignment, area, faces, portrait, pupils, guided_filter, whitebox_unet)
_SOURCES: Final = tuple(str(module.__file__) for module in _MODULES)
_MOST_MASK_PIXELS: Final = 4_000_000


class PortraitStyle:
    """DCT-Net's portrait compound."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle
        check_tiles(bundle, None)
        self._card = card_of(bundle, (__file__, *_SOURCES))
        self._background: nn.Module | None = None
        self._faces: portrait.FaceStep | None = None

    @property
    def card(self) -> StyleCard:
        """What the style says of itself."""
        return self._card

    @property
    def degraded(self) -> tuple[str, ...]:
        """Faces, when the bundle has no detector: then the background net paints alone."""
        return () if self._bundle.manifest.files_of("detector") else (NO_FACES,)

    def load(self, device: torch.device, precision: Precision) -> None:
        """Read the nets, verified, and place them.

        Raises:
            ConfigurationError: A file is missing or not what the manifest says.
        """
        self._background = self._net("background", device, precision)
        self._faces = None if self.degraded else self._face_step(device, precision)

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Turn photos into cartoons, one by one; uint8 [N, 3, H, W] in and out, RGB."""
        if self._background is None:
            raise ConfigurationError(f"{self._bundle} is not loaded.")
        painted = [portrait.paint(photo, self._background, self._faces) for photo in photos]
        return torch.stack(painted)

    def _face_step(self, device: torch.device, precision: Precision) -> portrait.FaceStep:
        detector, landmarks = self._file("detector"), self._file("landmarks")
        return portrait.FaceStep(
            detect=OnnxDetector(self._bundle.read(detector), device, self._name(detector)),
            find_landmarks=OnnxLandmarks(
                self._bundle.read(landmarks), device, self._name(landmarks)
            ),
            head=self._net("head", device, precision),
            mask=self._mask().to(device),
        )

    def _net(self, role: Role, device: torch.device, precision: Precision) -> nn.Module:
        network = load_network(self._bundle, self._file(role), whitebox_unet.WhiteboxUNet)
        return place(network, device, precision)

    def _mask(self) -> torch.Tensor:
        """The mask at the head net's size, float32 [1, 288, 288] in [0, 1]."""
        file = self._file("mask")
        try:
            with Image.open(io.BytesIO(self._bundle.read(file)), formats=["PNG", "JPEG"]) as image:
                if image.width * image.height > _MOST_MASK_PIXELS:
                    raise ConfigurationError(f"{self._name(file)} is too large for a mask.")
                grey = image.convert("L")
        except (OSError, ValueError, SyntaxError) as error:
            raise ConfigurationError(f"{self._name(file)} is no PNG or JPEG ({error}).") from error
        levels = torch.frombuffer(bytearray(grey.tobytes()), dtype=torch.uint8)
        planes = levels.view(1, grey.height, grey.width).float()
        return area.resize(planes, alignment.HEAD_PX, alignment.HEAD_PX).round_().div_(255)

    def _file(self, role: Role) -> BundleFile:
        (file,) = self._bundle.manifest.files_of(role)
        return file

    def _name(self, file: BundleFile) -> str:
        return f"{self._bundle}: '{file.path}'"
