"""The looks that come with the code, at the sizes that people ask for."""

from pathlib import Path

import torch

from tests.support.discs import dark_share, disc
from worker.engine.model_catalog import find_models
from worker.networks.precision import Precision


def test_lines_of_ink_take_the_same_share_of_the_picture_at_all_sizes() -> None:
    (ink,) = find_models((), Path("no-bundles"), only=("ink",)).values()
    ink.style.load(torch.device("cpu"), Precision.FLOAT32)
    shares = [dark_share(ink.style.forward(disc(size), size)) for size in (512, 1024, 2048)]
    assert min(shares) > 0.005
    assert max(shares) / min(shares) < 1.25
