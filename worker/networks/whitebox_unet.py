"""The White-box U-Net: the network of White-box Cartoonization and of both nets of DCT-Net.

Wang & Yu, "Learning to Cartoonize Using White-Box Cartoon Representations", 2020; Men et al.,
"DCT-Net: Domain-Calibrated Translation for Portrait Stylization", 2022. Written anew from the
architecture's facts; source: modelscope/models/cv/cartoon/network.py, loss.py and model_tf.py of
github.com/modelscope/modelscope (Apache-2.0). It was trained in TensorFlow 1, whose padding and
enlarging differ from torch's by a pixel and by half of one: both are computed here as there.
"""

from typing import Final

import torch
from torch import nn
from torch.nn import functional

from worker.networks.guided_filter import guided_filter

CHANNELS: Final = 32
BLOCKS: Final = 4
# How far a pixel of the photo reaches into the cartoon, pixels: 62 through the convolutions, of
# which those at a quarter of the sides count four times, and 2 through the guided filter.
REACH_PX: Final = 64
_SLOPE: Final = 0.2  # TensorFlow's default of a leaky rectifier
_RADIUS_PX: Final = 1
_EPSILON: Final = 1e-2


class SameConv(nn.Conv2d):
    """A convolution padded as TensorFlow's SAME does: what is odd comes right and below."""

    def __init__(self, entering: int, leaving: int, kernel: int = 3, stride: int = 1) -> None:
        super().__init__(entering, leaving, kernel, stride=stride)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        """Give [N, leaving, ceil(H / stride), ceil(W / stride)] of [N, entering, H, W]."""
        top, below = self._border(planes.shape[-2])
        left, right = self._border(planes.shape[-1])
        if (top, left) == (below, right):
            return functional.conv2d(planes, self.weight, self.bias, self.stride, (top, left))
        return super().forward(functional.pad(planes, (left, right, top, below)))

    def _border(self, side_px: int) -> tuple[int, int]:
        """How much a side is padded before and behind."""
        kernel, stride = self.kernel_size[0], self.stride[0]
        total = max(0, (-(-side_px // stride) - 1) * stride + kernel - side_px)
        return total // 2, total - total // 2


class _Block(nn.Module):
    """Two convolutions, added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv1 = SameConv(channels, channels)
        self.conv2 = SameConv(channels, channels)

    def forward(self, planes: torch.Tensor) -> torch.Tensor:
        drawn: torch.Tensor = self.conv2(_rectify(self.conv1(planes)))
        return drawn.add_(planes)


class WhiteboxUNet(nn.Module):
    """The U-Net and the guided filter behind it: 1,467,075 parameters, no norm."""

    def __init__(self) -> None:
        super().__init__()
        c = CHANNELS
        self.enter = SameConv(3, c, kernel=7)
        self.halve1, self.widen1 = SameConv(c, c, stride=2), SameConv(c, 2 * c)
        self.halve2, self.widen2 = SameConv(2 * c, 2 * c, stride=2), SameConv(2 * c, 4 * c)
        self.blocks = nn.ModuleList(_Block(4 * c) for _ in range(BLOCKS))
        self.narrow = SameConv(4 * c, 2 * c)
        self.merge1, self.narrow1 = SameConv(2 * c, 2 * c), SameConv(2 * c, c)
        self.merge2, self.leave = SameConv(c, c), SameConv(c, 3, kernel=7)

    def forward(self, photos: torch.Tensor) -> torch.Tensor:
        """Turn photos into cartoons.

        Args:
            photos: float32 [N, 3, H, W] in [-1, 1]; H and W are multiples of 4. The nets of
                DCT-Net and White-box Cartoonization take BGR.

        Returns:
            float32, of the same shape, [-1, 1] and a little beyond.
        """
        drawings = self.draw(photos.to(self.enter.weight.dtype)).float()
        return guided_filter(photos, drawings, radius_px=_RADIUS_PX, epsilon=_EPSILON)

    def draw(self, photos: torch.Tensor) -> torch.Tensor:
        """The U-Net alone, without the guided filter; in the weights' type."""
        full = _rectify(self.enter(photos))
        half = _rectify(self.widen1(_rectify(self.halve1(full))))
        planes = _rectify(self.widen2(_rectify(self.halve2(half))))
        for block in self.blocks:
            planes = block(planes)
        planes = double(_rectify(self.narrow(planes))).add_(half)
        planes = double(_rectify(self.narrow1(_rectify(self.merge1(planes))))).add_(full)
        drawn: torch.Tensor = self.leave(_rectify(self.merge2(planes)))
        return drawn


def _rectify(planes: torch.Tensor) -> torch.Tensor:
    """The leaky rectifier, in place."""
    return functional.leaky_relu(planes, _SLOPE, inplace=True)


def double(planes: torch.Tensor) -> torch.Tensor:
    """Enlarge both sides to twice, as TensorFlow 1's `resize_bilinear` does.

    Even rows and columns are those that came in, odd ones the means of their neighbours; behind the
    last there is none but itself. Corners do not lie on corners, nor centres on centres.

    Args:
        planes: float [N, C, H, W].

    Returns:
        float [N, C, 2 H, 2 W].
    """
    count, channels, height, width = planes.shape
    out = torch.empty(
        (count, channels, 2 * height, 2 * width),
        dtype=planes.dtype,
        device=planes.device,
        memory_format=torch.channels_last,
    )
    rows = out[:, :, ::2]
    rows[..., ::2] = planes
    rows[..., 1:-1:2] = (planes[..., :-1] + planes[..., 1:]).mul_(0.5)
    rows[..., -1] = planes[..., -1]
    out[:, :, 1:-1:2] = (rows[:, :, :-1] + rows[:, :, 1:]).mul_(0.5)
    out[:, :, -1] = rows[:, :, -1]
    return out
