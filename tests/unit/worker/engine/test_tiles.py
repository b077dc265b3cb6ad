"""Tiles cover a photo once, keep their distance from every cut, and show no seams."""

from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tests.support.platforms import largest_size_only
from tests.support.styles import REACH_PX, ConvStyle
from worker.engine.devices import CpuDevice
from worker.engine.fidelity import most_levels
from worker.engine.model import Model
from worker.engine.model_catalog import find_models
from worker.engine.sample_photos import sample_photos
from worker.engine.tiles import Cut, run_in_tiles
from worker.networks.precision import Precision


@given(
    multiple=st.sampled_from((1, 2, 8, 32)),
    overlap=st.integers(0, 100),
    units=st.integers(1, 400),
    extra=st.integers(0, 50),
)
def test_spans_cover_a_side_once_and_keep_their_distance(
    multiple: int, overlap: int, units: int, extra: int
) -> None:
    cut, length = Cut.of(overlap, multiple), units * multiple
    tile = cut.least_side_px + extra * multiple
    spans = cut.spans(length, tile)
    assert [span.keep[0] for span in spans] == [0, *(span.keep[1] for span in spans[:-1])]
    assert spans[-1].keep[1] == length
    for span in spans:
        begin, end = span.read, span.read + span.length
        assert begin % multiple == 0
        assert span.length % multiple == 0
        assert 0 <= begin <= span.keep[0] < span.keep[1] <= end <= length
        assert begin == 0 or span.keep[0] - begin >= overlap
        assert end == length or end - span.keep[1] >= overlap
    assert {span.length for span in spans} == {min(tile, length)}  # one shape for all


@given(pixels=st.integers(1, 10**7), overlap=st.integers(0, 100))
def test_a_tile_is_no_larger_than_allowed_unless_it_would_be_all_overlap(
    pixels: int, overlap: int
) -> None:
    cut = Cut.of(overlap, 8)
    side = cut.side_within(pixels)
    assert side % 8 == 0
    assert side * side <= pixels or side == cut.least_side_px


@pytest.fixture
def model() -> Model:
    model = Model(ConvStyle())
    model.style.load(torch.device("cpu"), Precision.FLOAT32)
    return model


@pytest.mark.parametrize("sides", [(96, 96), (130, 402), (402, 130), (300, 90)])
def test_no_seams(model: Model, sides: tuple[int, int]) -> None:
    (photo,) = sample_photos(1, *sides)
    cut = Cut.of(REACH_PX, 2)
    (whole,) = model.run([photo])
    calls = []

    def one(tile: torch.Tensor) -> torch.Tensor:
        calls.append(tile.shape)
        return model.run([tile], max(sides))[0]

    tiled = run_in_tiles(one, photo, cut, cut.least_side_px)
    assert len(calls) > 1
    assert tiled.stride() == photo.stride()
    assert most_levels(whole, tiled) <= 1


def test_an_overlap_that_is_too_small_shows(model: Model) -> None:
    (photo,) = sample_photos(1, 200, 200)
    cut = Cut.of(0, 2)
    (whole,) = model.run([photo])
    tiled = run_in_tiles(lambda tile: model.run([tile], 200)[0], photo, cut, 64)
    assert most_levels(whole, tiled) > 1


@largest_size_only
@pytest.mark.parametrize("precision", [Precision.FLOAT32, *CpuDevice().precisions])
def test_the_largest_ink_in_tiles_is_the_whole_and_takes_less_memory(precision: Precision) -> None:
    (ink,) = find_models((), Path("no-bundles"), only=("ink",)).values()
    ink.style.load(torch.device("cpu"), precision)
    (photo,) = sample_photos(1, 1024, 2048)
    cut = Cut.of(ink.style.card.overlap_px, ink.multiple_px)
    cartoons: dict[str, torch.Tensor] = {}

    def whole() -> None:
        (cartoons["whole"],) = ink.run([photo])

    def in_tiles() -> None:
        cartoons["tiled"] = run_in_tiles(lambda tile: ink.run([tile], 2048)[0], photo, cut, 512)

    device = CpuDevice()
    ink.run([photo[:, :256, :256]])
    took = [device.peak_bytes(work) for work in (in_tiles, whole)]
    assert most_levels(cartoons["whole"], cartoons["tiled"]) <= 1
    assert took[0] is not None
    assert took[1] is not None
    assert took[0] < took[1] / 2


@largest_size_only
def test_tiles_bound_the_memory(model: Model) -> None:
    device = CpuDevice()
    (photo,) = sample_photos(1, 2048, 2048)
    cut = Cut.of(REACH_PX, 2)
    model.run([photo[:, :256, :256]])
    whole = device.peak_bytes(lambda: model.run([photo]))
    tiled = device.peak_bytes(
        lambda: run_in_tiles(lambda tile: model.run([tile], 2048)[0], photo, cut, 512)
    )
    assert whole is not None
    assert tiled is not None
    assert whole > 2048 * 2048 * 16 * 4  # one activation alone
    assert tiled < whole / 5
