"""Tiles: a photo in overlapping parts, for styles whose pixels look only so far around them.

It plans the tiles and joins their middles. Whether a style may be cut is said by its card, and
checked by `worker.engine.calibration`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch

# Below this what is computed twice is more than what is kept.
LEAST_KEPT_PX = 64


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of one side, pixels from its begin.

    Attributes:
        read: Begin of what is computed.
        length: Length of what is computed.
        keep: Begin and end of what of it is kept.
    """

    read: int
    length: int
    keep: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Cut:
    """How a style may be cut.

    Attributes:
        overlap_px: Least distance from a kept pixel to a cut, a multiple of `multiple_px`.
        multiple_px: Tiles begin at and have sides of a multiple of this.
    """

    overlap_px: int
    multiple_px: int

    @classmethod
    def of(cls, overlap_px: int, multiple_px: int) -> "Cut":
        """Round an overlap up to the multiple, so that strides fall on the same pixels."""
        return cls(-(-overlap_px // multiple_px) * multiple_px, multiple_px)

    @property
    def least_side_px(self) -> int:
        """Side of the smallest tile that is worth its overlap."""
        return 2 * self.overlap_px + -(-LEAST_KEPT_PX // self.multiple_px) * self.multiple_px

    def side_within(self, pixels: int) -> int:
        """Side of the largest square tile of at most so many pixels; not below the least."""
        side = int(pixels**0.5) // self.multiple_px * self.multiple_px
        return max(side, self.least_side_px)

    def spans(self, length: int, tile_px: int) -> list[Span]:
        """Cut a side into stretches of one length.

        Args:
            length: The whole side, a multiple of `multiple_px`.
            tile_px: Side of a tile, as much and at least the least one.

        Returns:
            One stretch for the whole if it is no longer than a tile; else stretches of `tile_px`
            whose kept parts are the side, each kept pixel `overlap_px` or more from every cut.
        """
        if length <= tile_px:
            return [Span(0, length, (0, length))]
        step = tile_px - 2 * self.overlap_px
        count = -(-(length - 2 * self.overlap_px) // step)
        reads = [min(k * step, length - tile_px) for k in range(count)]
        edges = [0, *(read + self.overlap_px for read in reads[1:]), length]
        return [Span(read, tile_px, (edges[k], edges[k + 1])) for k, read in enumerate(reads)]


def run_in_tiles(
    forward: Callable[[torch.Tensor], torch.Tensor], photo: torch.Tensor, cut: Cut, tile_px: int
) -> torch.Tensor:
    """Run a forward tile by tile.

    Args:
        forward: Takes and gives uint8 [3, h, w] on the CPU.
        photo: uint8 [3, H, W] on the CPU; sides are multiples of `cut.multiple_px`.
        cut: How the style may be cut.
        tile_px: Side of a tile.

    Returns:
        uint8 [3, H, W] on the CPU.
    """
    cartoon = torch.empty_like(photo)
    for down, across in _boxes(photo.shape, cut, tile_px):
        rows = slice(down.read, down.read + down.length)
        columns = slice(across.read, across.read + across.length)
        done = forward(photo[:, rows, columns])
        top, left = down.keep[0] - down.read, across.keep[0] - across.read
        bottom, right = down.keep[1] - down.read, across.keep[1] - across.read
        cartoon[:, slice(*down.keep), slice(*across.keep)] = done[:, top:bottom, left:right]
    return cartoon


def _boxes(shape: torch.Size, cut: Cut, tile_px: int) -> Iterator[tuple[Span, Span]]:
    """Yield the stretches down and across of each tile."""
    columns = cut.spans(shape[2], tile_px)
    for down in cut.spans(shape[1], tile_px):
        for across in columns:
            yield down, across
