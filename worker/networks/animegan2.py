"""AnimeGANv2's generator, with the parameter names of its public PyTorch checkpoints.

Chen, Liu & Chen, "AnimeGAN: a novel lightweight GAN for photo animation", 2020, second version.
Written anew from the architecture's facts. Source of the names and of what they stand for: model.py
of github.com/bryandlee/animegan2-pytorch (MIT), whose checkpoints `face_paint_512_v1`,
`face_paint_512_v2`, `celeba_distill` and `paprika` fit as they are.

Every norm is over the whole picture (one group): a tile would be painted otherwise than the whole.
"""

from typing import Final

import torch
from torch import nn
from torch.nn import functional

_SLOPE: Final = 0.2  # of all leaky rectifiers
# A stride of 2 over a kernel of 3: the odd column and row come right and below, as TensorFlow does.
_HALVE: Final = (0, 1, 0, 1)


class _Conv(nn.Sequential):
    """Mirror the border, convolve, normalise over the whole picture, rectify: members 1 and 2."""

    def __init__(
        self,
        entering: int,
        leaving: int,
        *,
        kernel: int = 3,
        stride: int = 1,
        border: int | tuple[int, int, int, int] = 1,
        groups: int = 1,
        bias: bool = False,
    ) -> None:
        super().__init__(
            nn.ReflectionPad2d(border),
            nn.Conv2d(entering, leaving, kernel, stride=stride, groups=groups, bias=bias),
            nn.GroupNorm(1, leaving),
            nn.LeakyReLU(_SLOPE, inplace=True),
        )


class _Inverted(nn.Module):
    """Widen to twice the channels, convolve each alone, narrow; add what came in if it fits."""

    def __init__(self, entering: int, leaving: int) -> None:
        super().__init__()
        wide = 2 * entering
        self.layers = nn.Sequential(
            _Conv(entering, wide, kernel=1, border=0),
            _Conv(wide, wide, groups=wide, bias=True),
            nn.Conv2d(wide, leaving, 1, bias=False),
            nn.GroupNorm(1, leaving),
        )
        self._adds = entering == leaving

    def forward(self, pictures: torch.Tensor) -> torch.Tensor:
        """Give [N, leaving, H, W] of [N, entering, H, W]."""
        drawn: torch.Tensor = self.layers(pictures)
        return drawn.add_(pictures) if self._adds else drawn


class AnimeGan2(nn.Module):
    """The generator: 2,143,552 parameters, all pictures of a batch apart."""

    def __init__(self) -> None:
        super().__init__()
        self.block_a = nn.Sequential(
            _Conv(3, 32, kernel=7, border=3), _Conv(32, 64, stride=2, border=_HALVE), _Conv(64, 64)
        )
        self.block_b = nn.Sequential(_Conv(64, 128, stride=2, border=_HALVE), _Conv(128, 128))
        self.block_c = nn.Sequential(
            _Conv(128, 128),
            _Inverted(128, 256),
            *(_Inverted(256, 256) for _ in range(3)),
            _Conv(256, 128),
        )
        self.block_d = nn.Sequential(_Conv(128, 128), _Conv(128, 128))
        self.block_e = nn.Sequential(
            _Conv(128, 64), _Conv(64, 64), _Conv(64, 32, kernel=7, border=3)
        )
        self.out_layer = nn.Sequential(nn.Conv2d(32, 3, 1, bias=False), nn.Tanh())

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Turn photos into cartoons.

        Args:
            photos: float32 [N, 3, H, W] in [-1, 1], RGB; H and W at least 16 and, for what the
                checkpoints were made for, multiples of 32.

        Returns:
            float [N, 3, H, W] in [-1, 1], RGB, in the weights' type.
        """
        half = self.block_a(photos.to(next(self.parameters()).dtype))
        quarter = self.block_c(self.block_b(half))
        # Corners on corners, as the public port's hub entry does by default.
        drawn = self.block_d(_enlarge(quarter, half))
        cartoons: torch.Tensor = self.out_layer(self.block_e(_enlarge(drawn, photos)))
        return cartoons


def _enlarge(planes: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """Enlarge planes to the sides of others, corners on corners."""
    return functional.interpolate(planes, like.shape[-2:], mode="bilinear", align_corners=True)
