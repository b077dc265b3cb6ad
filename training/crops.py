"""The batches: crops of one size of picture, the same for the same seed and step.

A batch holds one scale only, because the network's weights follow it. Nothing is remembered from
step to step: a run that goes on after a stop sees what it would have seen.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch

from training.targets import Pair
from worker.networks.toon_unet import MULTIPLE

CROP_PX: Final = 256
BATCH_PX: Final = 4 * CROP_PX**2  # pixels of a batch; smaller pictures come in larger batches
# How often each long side is drawn: most requests are for 512 and 1024.
SHARES: Final = {256: 0.03, 384: 0.05, 512: 0.28, 768: 0.14, 1024: 0.37, 1448: 0.07, 2048: 0.06}


@dataclass(frozen=True, slots=True)
class Batch:
    """Crops of photos and of their cartoons.

    Attributes:
        photos: float32 [N, 3, H, W] in [0, 1].
        lessons: float32 [N, C, H, W] in [0, 1]: cartoons, and what they are made of.
        long_side_px: Of the whole pictures that they were cut from.
    """

    photos: torch.Tensor
    lessons: torch.Tensor
    long_side_px: int


class Crops:
    """Cuts batches from pairs.

    Args:
        pairs: What to learn from.
        seed: Decides all batches.
        batch_px: Pixels of a batch.
    """

    def __init__(self, pairs: Sequence[Pair], seed: int, batch_px: int = BATCH_PX) -> None:
        self._seed, self._batch_px = seed, batch_px
        self._groups: dict[int, list[Pair]] = defaultdict(list)
        for pair in pairs:
            self._groups[_nearest(pair.long_side_px)].append(pair)
        self._sizes = sorted(self._groups)
        shares = np.array([SHARES[size] for size in self._sizes])
        self._shares = shares / shares.sum()

    def batch(self, step: int) -> Batch:
        """Cut the batch of a step."""
        random = np.random.default_rng((self._seed, step))
        size_px = int(random.choice(self._sizes, p=self._shares))
        pairs = self._groups[size_px]
        least_px = min(min(pair.photo.shape[:2]) for pair in pairs)
        side = min(CROP_PX, least_px // MULTIPLE * MULTIPLE)
        count = max(1, round(self._batch_px / side**2))
        cut = [_cut(pairs[k], side, random) for k in random.integers(len(pairs), size=count)]
        both = torch.from_numpy(np.stack(cut)).permute(0, 3, 1, 2).float().div_(255)
        return Batch(both[:, :3], both[:, 3:], size_px)


def _nearest(long_side_px: int) -> int:
    """The size a picture was made at: cropping to multiples of 8 took a little of it."""
    return min(SHARES, key=lambda size: abs(size - long_side_px))


def _cut(pair: Pair, side: int, random: np.random.Generator) -> np.ndarray:
    """Cut, mirror and turn a photo and its lesson alike: uint8 [side, side, 3 + C]."""
    height, width = pair.photo.shape[:2]
    top, left = random.integers(height - side + 1), random.integers(width - side + 1)
    window = (slice(top, top + side), slice(left, left + side))
    both = np.concatenate((pair.photo[window], pair.lesson[window]), 2)
    if random.random() < 0.5:  # noqa: PLR2004 - a coin
        both = both[:, ::-1]
    return np.ascontiguousarray(np.rot90(both, int(random.integers(4))))
