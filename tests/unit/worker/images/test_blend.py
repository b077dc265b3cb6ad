"""Blending by strength, and padding that a crop undoes."""

import pytest
import torch

from worker.images.blend import blend, crop, interleaved, pad_to_multiple


def noise(*shape: int) -> torch.Tensor:
    return torch.randint(0, 256, shape, dtype=torch.uint8)


def test_the_ends_of_strength_are_exact() -> None:
    photo, cartoon = noise(3, 20, 30), noise(3, 20, 30)
    assert torch.equal(blend(photo, cartoon, 0.0), photo)
    assert torch.equal(blend(photo, cartoon, 1.0), cartoon)


@pytest.mark.parametrize(("strength", "expected"), [(0.25, 125), (0.5, 150), (0.7, 170)])
def test_strength_mixes_in_proportion(strength: float, expected: int) -> None:
    photo = torch.full((3, 4, 4), 100, dtype=torch.uint8)
    cartoon = torch.full((3, 4, 4), 200, dtype=torch.uint8)
    mixed = blend(photo, cartoon, strength)
    assert mixed.dtype == torch.uint8
    assert torch.equal(mixed, torch.full_like(photo, expected))


@pytest.mark.parametrize("strength", [0.01, 0.35, 0.7, 0.99])
def test_every_pair_of_levels_mixes_nearly_exactly(strength: float) -> None:
    levels = torch.arange(256, dtype=torch.uint8)
    photo = levels.expand(3, 256, 256)
    cartoon = levels.unsqueeze(1).expand(3, 256, 256)
    exact = torch.lerp(photo.float(), cartoon.float(), strength)
    assert (blend(photo, cartoon, strength) - exact).abs().max() <= 1.5


def test_layouts_in_memory_may_differ() -> None:
    photo, cartoon = noise(3, 20, 30), noise(3, 20, 30)
    mixed = blend(photo, cartoon, 0.4)
    assert torch.equal(blend(interleaved(photo), cartoon, 0.4), mixed)
    assert torch.equal(blend(photo, interleaved(cartoon), 0.4), mixed)


@pytest.mark.parametrize("shape", [(3, 20, 30), (2, 4, 5, 7)])
def test_interleaving_moves_memory_and_nothing_else(shape: tuple[int, ...]) -> None:
    planar = noise(*shape)
    pixels = interleaved(planar)
    assert torch.equal(pixels, planar)
    assert pixels.stride()[-3] == 1
    assert interleaved(pixels).data_ptr() == pixels.data_ptr()


def test_the_border_is_reflected() -> None:
    row = torch.tensor([[[1, 2, 3, 4, 5]]], dtype=torch.uint8)
    assert pad_to_multiple(row, 4)[0, 0].tolist() == [1, 2, 3, 4, 5, 4, 3, 2]


@pytest.mark.parametrize("shape", [(3, 17, 300), (2, 3, 5, 64), (1, 1, 2), (3, 64, 64)])
@pytest.mark.parametrize("multiple", [1, 16, 64])
def test_a_crop_gives_back_what_was_padded(shape: tuple[int, ...], multiple: int) -> None:
    pictures = noise(*shape)
    padded = pad_to_multiple(pictures, multiple)
    assert torch.equal(pad_to_multiple(interleaved(pictures), multiple), padded)
    assert torch.equal(
        interleaved(crop(pad_to_multiple(interleaved(pictures), multiple), *shape[-2:])), pictures
    )
    assert padded.dtype == torch.uint8
    assert padded.shape[-1] % multiple == padded.shape[-2] % multiple == 0
    assert padded.shape[-1] - shape[-1] < multiple
    assert torch.equal(crop(padded, *shape[-2:]), pictures)


def test_a_side_shorter_than_its_padding_is_reflected_to_and_fro() -> None:
    column = torch.tensor([[1], [2], [3]], dtype=torch.uint8)
    assert pad_to_multiple(column, 8)[:, 0].tolist() == [1, 2, 3, 2, 1, 2, 3, 2]
    assert torch.equal(pad_to_multiple(torch.full((1, 1), 7), 4), torch.full((4, 4), 7))
