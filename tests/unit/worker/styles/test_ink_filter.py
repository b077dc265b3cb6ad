"""The built-in style: lines at edges, calm where there is nothing, the same alone or in a batch."""

import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch.nn import functional

from tests.support.discs import dark_share, disc
from worker.networks.precision import Precision
from worker.styles import colour
from worker.styles.base import Style
from worker.styles.ink_filter import InkFilter

ASTRONAUT = Path(__file__).parents[3] / "photos" / "astronaut.jpg"
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def style() -> Style:
    ink_filter = InkFilter()
    ink_filter.load(CPU, Precision.FLOAT32)
    return ink_filter


def cartoon_of(style: Style, photos: torch.Tensor) -> torch.Tensor:
    """The cartoons of whole photos, uint8 [N, 3, H, W]."""
    return style.forward(photos, max(photos.shape[-2:]))


def portrait(size_px: int) -> torch.Tensor:
    """A real face, uint8 [1, 3, size_px, size_px]."""
    face = Image.open(ASTRONAUT).crop((128, 0, 384, 256))
    resized = face.resize((size_px, size_px), Image.Resampling.BICUBIC)
    return (
        torch.frombuffer(bytearray(resized.tobytes()), dtype=torch.uint8)
        .view(1, size_px, size_px, 3)
        .permute(0, 3, 1, 2)
    )


def foliage(size_px: int) -> torch.Tensor:
    """Dark leaves in all directions on a middle gray, float32 [size_px, size_px] in [0, 255]."""
    generator = torch.Generator().manual_seed(1)
    y, x = torch.meshgrid(*[torch.arange(float(size_px))] * 2, indexing="ij")
    ground = torch.full((size_px, size_px), 150.0)
    for _ in range(size_px**2 // 220):
        place = torch.rand(2, generator=generator) * size_px
        angle = torch.rand((), generator=generator) * math.pi
        near = tuple(slice(max(0, int(at) - 12), int(at) + 13) for at in place)
        dx, dy = x[near] - place[1], y[near] - place[0]
        along = dx * angle.cos() + dy * angle.sin()
        across = dy * angle.cos() - dx * angle.sin()
        ground[near] -= 90 * torch.exp(-((along / 6) ** 4) - (across / 1.5) ** 2)
    return ground


def test_the_card_names_this_very_code(style: Style) -> None:
    card = style.card
    assert card.name == "ink-filter"
    assert len(card.model_digest) == 64
    assert card.model_digest == InkFilter().card.model_digest
    assert (card.min_size_px, card.max_size_px, card.multiple_of) == (256, 2048, 1)


@pytest.mark.parametrize("sides", [(16, 300), (300, 16), (17, 33), (1, 5), (255, 257), (40, 800)])
def test_takes_any_sides(style: Style, sides: tuple[int, int]) -> None:
    photos = torch.randint(0, 256, (1, 3, *sides), dtype=torch.uint8)
    cartoons = cartoon_of(style, photos)
    assert cartoons.shape == photos.shape
    assert cartoons.dtype == torch.uint8


@pytest.mark.parametrize("level", [(0, 0, 0), (255, 255, 255), (128, 128, 128), (180, 90, 60)])
def test_a_flat_photo_stays_flat_and_without_ink(style: Style, level: tuple[int, ...]) -> None:
    photos = torch.tensor(level, dtype=torch.uint8).view(1, 3, 1, 1).expand(1, 3, 96, 80)
    cartoons = cartoon_of(style, photos).float()
    assert (cartoons.amax((2, 3)) - cartoons.amin((2, 3))).max() <= 1
    assert (cartoons.mean((0, 2, 3)) - torch.tensor(level)).abs().max() <= 36  # a step and chroma


def test_gray_stays_gray(style: Style) -> None:
    ramp = torch.linspace(0, 255, 128).round().to(torch.uint8).expand(1, 3, 64, 128)
    cartoons = cartoon_of(style, ramp).float()
    assert (cartoons.amax(1) - cartoons.amin(1)).max() <= 2


def test_a_line_is_drawn_at_an_edge_and_only_there(style: Style) -> None:
    photos = disc(256)
    cartoons = cartoon_of(style, photos)
    assert dark_share(photos) == 0
    middle = cartoons[0, :, 128].float().mean(0)  # from the left border to the right one
    dark = (middle < 50).nonzero().flatten()
    assert dark.numel() > 0
    edges = torch.tensor([128 - 0.3 * 256, 128 + 0.3 * 256])
    assert (dark[:, None] - edges).abs().amin(1).max() <= 6
    assert {bool(side) for side in dark > 128} == {True, False}


def test_lines_look_alike_at_all_sizes(style: Style) -> None:
    shares = [dark_share(cartoon_of(style, disc(size_px))) for size_px in (384, 768, 1024)]
    assert min(shares) > 0.005
    assert max(shares) / min(shares) < 1.25


def test_a_large_photo_has_the_paint_of_a_small_one(style: Style) -> None:
    large = cartoon_of(style, disc(1024)).float()
    small = cartoon_of(style, disc(512)).float()
    shrunk = functional.interpolate(large, (512, 512), mode="bilinear", antialias=True)
    assert (shrunk - small).abs().mean() < 2


def test_grain_does_not_tear_the_rim_of_a_patch(style: Style) -> None:
    long_side_px, middle = 1536, 768
    halves = torch.where(torch.arange(long_side_px) < middle, 105, 150).expand(256, -1)
    grain = torch.randint(-30, 31, halves.shape, generator=torch.Generator().manual_seed(1))
    photo = (halves + grain).to(torch.uint8).expand(1, 3, -1, -1)
    light = cartoon_of(style, photo).float().mean(1)[0, :, middle - 60 : middle + 60]
    bright = (light > light[:, -1].median() - 15).sum(1)  # pixels of each row beyond the rim
    assert bright.max() - bright.min() <= 1


def test_in_foliage_long_lines_are_drawn_and_dashes_pale(style: Style) -> None:
    side, middle = 384, 192
    rows = torch.arange(side).view(-1, 1)
    branch = 120 * torch.exp(-(((rows - middle) / 3.5) ** 2))
    photo = (foliage(side) - branch).clamp(0, 255).to(torch.uint8).expand(1, 3, -1, -1)
    dark = style.forward(photo, 512).float().mean(1)[0] < 50
    assert dark[middle - 4 : middle + 5].any(0).all()  # the branch, from end to end
    leaves = torch.cat((dark[: middle - 20], dark[middle + 20 :])).float().mean()
    assert leaves < 0.06  # 0.08 if dashes were drawn as they are


def test_a_picture_of_a_batch_equals_the_picture_alone(style: Style) -> None:
    photos = torch.cat((portrait(160), disc(160), torch.full((1, 3, 160, 160), 77)))
    together = cartoon_of(style, photos.to(torch.uint8)).float()
    for k in range(len(photos)):
        alone = cartoon_of(style, photos[k : k + 1].to(torch.uint8)).float()
        assert (together[k : k + 1] - alone).abs().max() <= 1


def test_the_same_photo_gives_the_same_cartoon(style: Style) -> None:
    photo = portrait(200)
    assert torch.equal(cartoon_of(style, photo), cartoon_of(style, photo.contiguous()))


def test_a_portrait_is_calmer_than_its_photo_and_has_ink(style: Style) -> None:
    photo = portrait(256)
    cartoon = cartoon_of(style, photo)
    noise = torch.randint(-6, 7, photo.shape, generator=torch.Generator().manual_seed(1))
    noisy = (photo.int() + noise).clamp(0, 255).to(torch.uint8)
    difference = (cartoon_of(style, noisy).float() - cartoon.float()).abs().median()
    assert difference <= 3  # noise of 6 levels hardly shows
    assert dark_share(cartoon) > dark_share(photo) + 0.01


def test_colours_come_back_from_lab() -> None:
    levels = torch.cartesian_prod(*[torch.linspace(0, 1, 18)] * 3).T.reshape(1, 3, 18, 324)
    assert (colour.lab_to_srgb(colour.srgb_to_lab(levels)) - levels).abs().max() < 1e-3
    white = colour.srgb_to_lab(torch.ones(1, 3, 1, 1)).flatten()
    assert torch.allclose(white, torch.tensor([100.0, 0.0, 0.0]), atol=0.02)
    red = colour.srgb_to_lab(torch.tensor([1.0, 0, 0]).view(1, 3, 1, 1)).flatten()
    assert torch.allclose(red, torch.tensor([53.24, 80.09, 67.20]), atol=0.05)  # known values, D65
