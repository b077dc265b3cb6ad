"""Alignment: the similarity against another solution, warping by hand, pupils in drawn eyes."""

import math

import numpy as np
import pytest
import torch

from worker.dctnet.alignment import five_points, head_to_picture, warp
from worker.dctnet.pupils import equalise, find_pupil, otsu_threshold

# ArcFace's points in a frame of 112, shrunk about its centre by 0.75, times 288 / 112: by hand.
FRAME = [
    (111.7824, 137.6286),
    (179.7399, 137.2527),
    (145.9772, 176.2777),
    (118.0594, 216.0620),
    (174.3362, 215.7508),
]


def face(turned: float, scale: float, noise: float = 0.0) -> torch.Tensor:
    """The five points of a face that is turned, scaled and moved, float32 [5, 2]."""
    numbers = np.random.default_rng(3)
    frame = np.array([complex(*point) for point in FRAME])
    moved = scale * np.exp(1j * turned) * frame + (40 + 25j)
    moved = moved + noise * (numbers.normal(size=5) + 1j * numbers.normal(size=5))
    return torch.tensor(np.stack((moved.real, moved.imag), 1), dtype=torch.float32)


@pytest.mark.parametrize(("turned", "scale"), [(0.0, 1.0), (0.4, 0.5), (-1.2, 2.0)])
def test_a_similarity_is_found_again(turned: float, scale: float) -> None:
    found = head_to_picture(face(turned, scale))

    a, b = scale * math.cos(turned), scale * math.sin(turned)
    expected = torch.tensor([[a, -b, 40], [b, a, 25], [0, 0, 1]], dtype=torch.float64)
    torch.testing.assert_close(found, expected, atol=2e-2, rtol=1e-3)


def test_noisy_points_get_the_least_squares_in_the_picture() -> None:
    points = face(0.3, 0.8, noise=4.0)
    # As complex numbers a similarity is w = alpha z + beta, and least squares are two means.
    z = np.array([complex(*point) for point in FRAME])
    w = points[:, 0].numpy() + 1j * points[:, 1].numpy()
    z_mean, w_mean = z.mean(), w.mean()
    alpha = ((z - z_mean).conj() * (w - w_mean)).sum() / (abs(z - z_mean) ** 2).sum()
    beta = w_mean - alpha * z_mean

    found = head_to_picture(points)

    assert found[0, 0].item() == pytest.approx(alpha.real, abs=1e-4)
    assert found[1, 0].item() == pytest.approx(alpha.imag, abs=1e-4)
    assert found[0, 2].item() == pytest.approx(beta.real, abs=2e-2)
    assert found[1, 2].item() == pytest.approx(beta.imag, abs=2e-2)


def shift(x: float, y: float) -> torch.Tensor:
    """A transform that moves."""
    return torch.tensor([[1, 0, x], [0, 1, y], [0, 0, 1]], dtype=torch.float64)


def test_warping_by_hand() -> None:
    planes = torch.tensor([[[10.0, 20.0], [30.0, 50.0]]])

    torch.testing.assert_close(warp(planes, shift(0, 0), 2, 2, outside=0), planes)
    moved = warp(planes, shift(1, 0), 2, 2, outside=255)
    torch.testing.assert_close(moved[0], torch.tensor([[20.0, 255.0], [50.0, 255.0]]))
    between = warp(planes, shift(0.5, 0.5), 1, 1, outside=0)
    torch.testing.assert_close(between.flatten(), torch.tensor([27.5]))
    at_the_border = warp(planes, shift(-0.5, 0), 1, 1, outside=255)
    torch.testing.assert_close(at_the_border.flatten(), torch.tensor([132.5]))


def test_there_and_back_is_the_same_picture() -> None:
    ramp = torch.arange(64.0).expand(64, 64)
    picture = torch.stack((ramp, ramp.T, 63 - ramp))
    turned = torch.tensor([[0.6, -0.8, 30], [0.8, 0.6, -12], [0, 0, 1]], dtype=torch.float64)

    there = warp(picture, turned, 128, 128, outside=0)
    back = warp(there, torch.linalg.inv(turned), 64, 64, outside=0)

    inside = (slice(None), slice(24, 40), slice(24, 40))
    torch.testing.assert_close(back[inside], picture[inside], atol=0.5, rtol=0)


def eye_at(x: float, y: float, pupil: tuple[float, float]) -> tuple[torch.Tensor, torch.Tensor]:
    """A drawn eye: skin, white, a dark pupil; the picture and five landmarks of its lids."""
    rows, columns = torch.meshgrid(torch.arange(80.0), torch.arange(120.0), indexing="ij")
    white = ((columns - x) / 24) ** 2 + ((rows - y) / 10) ** 2 <= 1
    dark = (columns - pupil[0]) ** 2 + (rows - pupil[1]) ** 2 <= 6**2
    grey = torch.where(dark & white, 20.0, torch.where(white, 235.0, 160.0))
    lids = [(x - 24, y), (x - 10, y - 9), (x + 10, y - 9), (x + 24, y), (x + 10, y + 9)]
    return grey.expand(3, -1, -1), torch.tensor(lids)


@pytest.mark.parametrize("pupil", [(60.0, 40.0), (68.0, 42.0), (50.0, 38.0)])
def test_a_pupil_is_where_it_is_drawn(pupil: tuple[float, float]) -> None:
    picture, lids = eye_at(60, 40, pupil)

    found = find_pupil(picture, lids)

    assert found is not None
    assert math.dist(found, pupil) < 2.5


def test_an_eye_beyond_the_picture_or_without_height_has_no_pupil() -> None:
    picture, lids = eye_at(60, 40, (60, 40))

    assert find_pupil(picture, lids - torch.tensor([50.0, 0.0])) is None
    assert find_pupil(picture, torch.tensor([[10.0, 5.0], [30.0, 5.0]])) is None


def test_without_pupils_the_middles_of_the_eyes_are_taken() -> None:
    landmarks = torch.arange(136.0).view(68, 2) - 300  # all beyond the picture

    points = five_points(torch.zeros(3, 40, 40), landmarks)

    # Landmarks 36 to 40 and 42 to 46: the means of five are the third of each.
    assert points.tolist() == landmarks[[38, 44, 30, 48, 54]].tolist()


def test_levels_are_spread_by_hand() -> None:
    grey = torch.tensor([[10, 10, 20, 20], [20, 30, 30, 30]], dtype=torch.uint8)

    # Without the two of the darkest: 3 of 6 up to 20, 6 of 6 up to 30.
    expected = [[0, 0, 128, 128], [128, 255, 255, 255]]
    assert equalise(grey).tolist() == expected
    assert equalise(torch.full((2, 2), 9, dtype=torch.uint8)).tolist() == [[9, 9], [9, 9]]


def test_two_groups_are_split_where_the_variance_between_them_is_largest() -> None:
    levels = torch.tensor([10, 12, 14, 200, 202, 210, 220], dtype=torch.uint8)
    values = levels.double()

    def between(threshold: int) -> float:
        dark, light = values[values <= threshold], values[values > threshold]
        if not len(dark) or not len(light):
            return 0.0
        return len(dark) * len(light) * float(dark.mean() - light.mean()) ** 2

    found = otsu_threshold(levels)

    assert between(found) == pytest.approx(max(between(level) for level in range(256)))
    assert 14 <= found < 200
