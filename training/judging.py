"""Judging a network on photos it has never seen: figures, and pictures to look at."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from PIL import Image

from training.measures import psnr_db, ssim
from training.targets import Pair
from worker.images.blend import crop, pad_to_multiple
from worker.networks.toon_unet import MULTIPLE, ToonUNet

GAP_PX: Final = 6


@dataclass(frozen=True, slots=True)
class Verdict:
    """How near a network comes to its teacher on one photo.

    Attributes:
        name: The photo's.
        long_side_px: Its long side, pixels.
        psnr_db: Of the network's picture to the teacher's, dB.
        ssim: The same as structural similarity.
        photo_psnr_db: Of the untouched photo to the teacher's: what no network at all reaches.
    """

    name: str
    long_side_px: int
    psnr_db: float
    ssim: float
    photo_psnr_db: float


@torch.inference_mode()
def draw(network: ToonUNet, pixels: np.ndarray) -> np.ndarray:
    """Let a network draw one photo; uint8 [H, W, 3] in and out."""
    whole = pad_to_multiple(torch.from_numpy(np.array(pixels)).permute(2, 0, 1), MULTIPLE)
    photo = whole[None].float().div_(255).contiguous(memory_format=torch.channels_last)
    cartoon = network(photo, max(pixels.shape)).float().mul_(255).round_().to(torch.uint8)[0]
    drawn = crop(cartoon, *pixels.shape[:2]).permute(1, 2, 0)
    pixels_drawn: np.ndarray = drawn.contiguous().numpy()
    return pixels_drawn


def judge(network: ToonUNet, pairs: Iterable[Pair]) -> list[Verdict]:
    """Compare a network with its teacher, photo by photo."""
    return [
        Verdict(
            pair.name,
            pair.long_side_px,
            psnr_db(cartoon := draw(network, pair.photo), pair.cartoon),
            ssim(cartoon, pair.cartoon),
            psnr_db(pair.photo, pair.cartoon),
        )
        for pair in pairs
    ]


def table(verdicts: Sequence[Verdict]) -> str:
    """Show verdicts as a Markdown table, with a mean for each size."""
    lines = ["| photo | size | PSNR, dB | SSIM | the photo itself, dB |", "|---|---|---|---|---|"]
    lines += [_row(v.name, str(v.long_side_px), [v]) for v in verdicts]
    for low, high, title in ((0, 768, "512"), (768, 1536, "1024"), (1536, 4096, "2048")):
        if group := [v for v in verdicts if low <= v.long_side_px < high]:
            lines.append(_row("**mean**", f"**{title}**", group))
    return "\n".join(lines)


def _row(name: str, size: str, group: Sequence[Verdict]) -> str:
    means = [np.mean([getattr(v, key) for v in group]) for key in ("psnr_db", "photo_psnr_db")]
    likeness = np.mean([v.ssim for v in group])
    return f"| {name} | {size} | {means[0]:.2f} | {likeness:.3f} | {means[1]:.2f} |"


def show(network: ToonUNet, pairs: Iterable[Pair], path: Path) -> None:
    """Write photo, teacher and network side by side, one pair below the other."""
    rows = [
        np.concatenate(
            [_framed(p) for p in (pair.photo, pair.cartoon, draw(network, pair.photo))], 1
        )
        for pair in pairs
    ]
    width = max(row.shape[1] for row in rows)
    rows = [
        np.pad(row, ((0, 0), (0, width - row.shape[1]), (0, 0)), constant_values=255)
        for row in rows
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.concatenate(rows)).save(path)


def _framed(pixels: np.ndarray) -> np.ndarray:
    """A picture with a gap at its right and below."""
    return np.pad(pixels, ((0, GAP_PX), (0, GAP_PX), (0, 0)), constant_values=255)
