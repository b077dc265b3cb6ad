"""Scaling by area: by hand, and against the plain mean over a common multiple."""

import pytest
import torch

from worker.dctnet.area import resize


def test_three_become_two_by_hand() -> None:
    made = resize(torch.tensor([[[3.0, 6.0, 12.0]]]), 1, 2)

    # The first covers one and a half: (3 + 6 / 2) / 1.5.
    torch.testing.assert_close(made.flatten(), torch.tensor([4.0, 10.0]))


def test_two_become_three_by_hand() -> None:
    made = resize(torch.tensor([[[3.0], [9.0]]]), 3, 1)

    torch.testing.assert_close(made.flatten(), torch.tensor([3.0, 6.0, 9.0]))


@pytest.mark.parametrize("sides", [(4, 5), (7, 3), (14, 10), (9, 11)])
def test_it_is_the_mean_of_what_is_covered(sides: tuple[int, int]) -> None:
    planes = torch.rand((2, 7, 5), generator=torch.Generator().manual_seed(0))
    height, width = sides
    fine = planes.repeat_interleave(height, 1).repeat_interleave(width, 2)

    by_hand = fine.view(2, height, 7, width, 5).mean((2, 4))

    torch.testing.assert_close(resize(planes, height, width), by_hand, atol=1e-6, rtol=0)
