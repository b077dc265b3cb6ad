"""The network of the built-in looks: a small U-Net that learns a whole filter.

It owns no weights and reads no file. The picture is folded to half its sides first, so that most
work is done on few pixels; what the network adds to the photo is unfolded at the end. There is no
norm: a tile, with enough around it, gives the pixels of the whole.

Sources: the U-Net is that of Ronneberger et al., "U-Net", 2015; residual blocks are those of He et
al., "Deep Residual Learning", 2016; folding by pixel shuffle is that of Shi et al., "Real-Time
Single Image and Video Super-Resolution", 2016. Convolutions whose weights follow a scale are a
simple case of Ha et al., "HyperNetworks", 2016.
"""

import math
from itertools import pairwise
from typing import Final, Literal

import torch
from torch import nn
from torch.nn import functional

from worker.networks import cel

Ending = Literal["sum", "cel"]

FOLD: Final = 2  # side of the squares of pixels that become channels
WIDTHS: Final = (32, 64, 96, 96)  # channels at 1/2, 1/4, 1/8 and 1/16 of the sides
MULTIPLE: Final = FOLD * 2 ** (len(WIDTHS) - 1)
NATIVE_PX: Final = 512  # long side at which the scale is nought
DETAIL_GAIN: Final = 4.0  # differences in a square are small; brought to the size of its mean
LEAST_PX: Final = 256  # below, lines are no thinner: the filters' least unit is half a pixel
# Pixels of the photo that reach into one of the cartoon: as many for each 3x3 as its planes are
# smaller (four at 1/16, four at 1/8, four at 1/4, four at 1/2, three that halve the sides), and
# where in a square of the deepest planes a pixel lies.
RADIUS_PX: Final = 16 * 4 + 8 * 4 + 4 * 4 + 2 * 4 + (8 + 4 + 2) + 16


class ScaledConv(nn.Conv2d):
    """A 3x3 convolution whose weights depend on the picture's scale, at no cost per pixel.

    The same line is one pixel wide at 512 and four at 2048; a plain network cannot know which it
    looks at. Each output channel has a gain and a shift, polynomials of the scale without constant
    term: at 512 the weights are the plain ones.
    """

    def __init__(self, inputs: int, outputs: int, stride: int = 1) -> None:
        super().__init__(inputs, outputs, 3, stride, 1)
        self.gain = nn.Parameter(torch.zeros(2, outputs))
        self.shift = nn.Parameter(torch.zeros(2, outputs))

    def scaled(self, planes: torch.Tensor, scale: float) -> torch.Tensor:
        """Convolve [N, C, H, W] at a scale: log2 of the long side over 512."""
        # A tenth: a step of the optimiser would else turn whole channels at once, at one size, and
        # undo what was learnt at the others.
        powers = 0.1 * scale, 0.05 * scale**2
        gain = self.gain[0] * powers[0] + self.gain[1] * powers[1] + 1
        shift = self.shift[0] * powers[0] + self.shift[1] * powers[1]
        assert self.bias is not None  # noqa: S101 - for the type checker: made with one above
        weight, bias = self.weight * gain.view(-1, 1, 1, 1), self.bias + shift
        return functional.conv2d(planes, weight, bias, self.stride, 1)


class Residual(nn.Module):
    """Two convolutions and a way around them."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = ScaledConv(width, width)
        self.second = ScaledConv(width, width)

    def forward(self, planes: torch.Tensor, scale: float) -> torch.Tensor:
        """Float [N, width, H, W] in and out."""
        inner = functional.relu(self.first.scaled(planes, scale), inplace=True)
        return functional.relu(self.second.scaled(inner, scale).add_(planes), inplace=True)


class ToonUNet(nn.Module):
    """Turns photos into cartoons: the photo plus what four levels of convolutions say of it.

    Half the sides are looked at on the way out only: there a block costs a sixth of all, and what
    decides where a patch ends is seen from further away.

    The convolutions run in the type of the weights; photo and sum keep the type of the photo, so
    that bfloat16 weights with float32 photos cost no levels of grey.

    Args:
        ending: `sum`: the sum is the cartoon. `cel`: it is the paint, a fourth plane is the line,
            and `worker.networks.cel` makes a cartoon of both.
    """

    def __init__(self, ending: Ending = "sum") -> None:
        super().__init__()
        self.ending = ending
        folded, deepest = 3 * FOLD**2, WIDTHS[-1]
        self.head = ScaledConv(folded, WIDTHS[0])
        self.down = nn.ModuleList(ScaledConv(*pair, stride=2) for pair in pairwise(WIDTHS))
        self.enter = nn.ModuleList(Residual(width) for width in WIDTHS[1:])
        self.bottom = Residual(deepest)
        self.up = nn.ModuleList(nn.Conv2d(deep, wide, 1) for wide, deep in pairwise(WIDTHS))
        self.leave = nn.ModuleList(Residual(width) for width in WIDTHS[:-1])
        self.tail = ScaledConv(WIDTHS[0], folded if ending == "sum" else folded + FOLD**2)
        nn.init.zeros_(self.tail.weight)
        if self.tail.bias is not None:
            nn.init.zeros_(self.tail.bias)

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Turn photos into cartoons.

        Args:
            photos: float [N, 3, H, W] in [0, 1], sRGB; H and W are multiples of `MULTIPLE`.
            long_side_px: Long side of the whole photo, pixels; more than the tensor's own when it
                holds tiles.

        Returns:
            Float [N, 3, H, W] in [0, 1], sRGB, in the type of the photos.
        """
        if self.ending == "cel":
            return cel.finish(*self.parts(photos, long_side_px))
        return self.added(photos, long_side_px).to(photos.dtype).add_(photos).clamp_(0, 1)

    def parts(self, photos: torch.Tensor, long_side_px: int) -> tuple[torch.Tensor, torch.Tensor]:
        """What `cel.finish` takes, in the type of the photos and unclipped."""
        added = self.added(photos, long_side_px).to(photos.dtype)
        return photos + added[:, :3], added[:, 3:]

    def added(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """What is added to the photos, and the line behind it; in the type of the weights."""
        scale = math.log2(max(long_side_px, LEAST_PX) / NATIVE_PX)
        folded = _fold(photos).to(self.head.weight.dtype)
        planes = functional.relu(self.head.scaled(folded, scale), inplace=True)
        passed = []
        for down, enter in zip(self.down, self.enter, strict=True):
            assert isinstance(down, ScaledConv)  # noqa: S101 - a list of modules forgets their type
            passed.append(planes)
            planes = enter(functional.relu(down.scaled(planes, scale), inplace=True), scale)
        planes = self.bottom(planes, scale)
        for up, leave in reversed(list(zip(self.up, self.leave, strict=True))):
            planes = leave(_enlarge(up(planes)).add_(passed.pop()), scale)
        return functional.pixel_shuffle(self.tail.scaled(planes, scale), FOLD)


def _fold(photos: torch.Tensor) -> torch.Tensor:
    """Halve the sides: of each square its mean, centred, and its differences, enlarged (Haar).

    A network without norms learns many times as fast from these as from bare pixels, whose
    common brightness drowns what it is to draw.

    Args:
        photos: float [N, 3, H, W] in [0, 1].

    Returns:
        float [N, 12, H/2, W/2] about [-2, 2].
    """
    signs = photos.new_tensor(((1, 1, 1, 1), (1, -1, 1, -1), (1, 1, -1, -1), (1, -1, -1, 1)))
    gains = photos.new_tensor((1, DETAIL_GAIN, DETAIL_GAIN, DETAIL_GAIN)).view(4, 1)
    square = (signs * gains / 2).view(4, FOLD, FOLD)
    kernel = photos.new_zeros(3, 4, 3, FOLD, FOLD)
    for channel in range(3):
        kernel[channel, :, channel] = square
    offset = photos.new_tensor((-1.0, 0, 0, 0)).repeat(3)  # the mean's own: half of what white has
    return functional.conv2d(photos, kernel.view(12, 3, FOLD, FOLD), offset, stride=FOLD)


def _enlarge(planes: torch.Tensor) -> torch.Tensor:
    """Double the sides of [N, C, H, W]; the convolutions that follow smooth what must be smooth."""
    return functional.interpolate(planes, scale_factor=2, mode="nearest")
