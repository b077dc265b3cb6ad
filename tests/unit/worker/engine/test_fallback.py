"""What does not fit falls back step by step, and only what never fits fails."""

import subprocess
import sys

import pytest
import torch

from common.errors import ConfigurationError, InternalError, OutOfMemory
from tests.support.accelerators import SmallDevice
from tests.support.platforms import linux_only
from tests.support.styles import BoastingStyle, ConvStyle
from worker.engine.calibration import calibrate
from worker.engine.devices import CpuDevice
from worker.engine.fallback import run_with_fallback
from worker.engine.fidelity import most_levels
from worker.engine.model import Model
from worker.engine.sample_photos import sample_photos

SIDE = 256
PIXELS = SIDE * SIDE


def loaded(device: SmallDevice | CpuDevice, style: ConvStyle | None = None) -> Model:
    """A model whose load went well; what a device can hold may be lowered later."""
    model = Model(style or ConvStyle())
    calibrate(model, device, max_batch=8)
    return model


@pytest.fixture
def device() -> SmallDevice:
    return SmallDevice(8 * 512 * 512)


@pytest.fixture
def model(device: SmallDevice) -> Model:
    model = loaded(device)
    device.forwards.clear()
    return model


@pytest.fixture
def truth() -> Model:
    """The same style on the real CPU."""
    return loaded(CpuDevice())


def test_what_fits_stays_together(model: Model, device: SmallDevice) -> None:
    outcomes = run_with_fallback(model, sample_photos(8, SIDE, SIDE))
    assert [(o.batch_size, o.tiled) for o in outcomes] == [(8, False)] * 8
    assert device.forwards == [(8, SIDE, SIDE)]


def test_a_batch_that_does_not_fit_is_halved_until_it_does(
    model: Model, device: SmallDevice, truth: Model
) -> None:
    device.most_pixels = 3 * PIXELS
    photos = sample_photos(7, SIDE, SIDE)
    outcomes = run_with_fallback(model, photos)
    assert [forward[0] for forward in device.forwards] == [7, 3, 3, 1]
    assert [outcome.batch_size for outcome in outcomes] == [3] * 6 + [1]
    assert device.releases == 1
    for photo, outcome in zip(photos, outcomes, strict=True):
        assert isinstance(outcome.cartoon, torch.Tensor)
        assert most_levels(outcome.cartoon, truth.run([photo])[0]) <= 1


def test_a_photo_that_does_not_fit_goes_in_tiles(
    model: Model, device: SmallDevice, truth: Model
) -> None:
    device.most_pixels = PIXELS // 5
    (photo,) = sample_photos(1, SIDE, SIDE)
    (outcome,) = run_with_fallback(model, [photo])
    assert (outcome.batch_size, outcome.tiled) == (1, True)
    assert isinstance(outcome.cartoon, torch.Tensor)
    assert most_levels(outcome.cartoon, truth.run([photo])[0]) <= 1
    # Whole, in tiles of half a side, in tiles of the least one: none larger succeeded.
    sides = [forward[1] for forward in device.forwards]
    assert sides[:3] == [256, 128, 80]
    assert set(sides[3:]) == {80}


def test_what_never_fits_fails_alone(model: Model, device: SmallDevice) -> None:
    device.most_pixels = 10
    (outcome,) = run_with_fallback(model, sample_photos(1, SIDE, SIDE))
    assert isinstance(outcome.cartoon, OutOfMemory)
    assert isinstance(outcome.cartoon.__cause__, torch.OutOfMemoryError)


def test_what_must_not_be_cut_is_not(device: SmallDevice) -> None:
    model = loaded(device, BoastingStyle())
    assert model.cut is None
    device.most_pixels = PIXELS // 5
    (outcome,) = run_with_fallback(model, sample_photos(1, SIDE, SIDE))
    assert isinstance(outcome.cartoon, OutOfMemory)


def test_what_is_known_not_to_fit_is_not_tried() -> None:
    device = SmallDevice(512 * 512, tells=True)
    model = loaded(device)
    assert model.most_pixels == 512 * 512
    device.forwards.clear()
    (outcome,) = run_with_fallback(model, sample_photos(1, 2048, 2048))
    assert isinstance(outcome.cartoon, torch.Tensor)
    assert outcome.tiled
    assert device.releases == 0
    assert {forward[1:] for forward in device.forwards} == {(512, 512)}
    assert model.batch_of(sample_photos(1, SIDE, SIDE)[0]) == 4
    assert model.batch_of(sample_photos(1, 2048, 2048)[0]) == 1


def test_a_device_that_holds_nothing_is_said_so_at_start() -> None:
    with pytest.raises(ConfigurationError, match="memory of small"):
        loaded(SmallDevice(300 * 300))


class FailingStyle(ConvStyle):
    """Fails for reasons of its own when a photo is black."""

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Fail for black."""
        if not photos.flatten(1).any(1).all():
            raise ValueError("black")
        return super().forward(photos, long_side_px)


@pytest.mark.parametrize("place", ["cpu", "small"])
def test_what_fails_otherwise_is_tried_photo_by_photo(place: str) -> None:
    model = loaded(CpuDevice() if place == "cpu" else SmallDevice(8 * 512 * 512), FailingStyle())
    good = sample_photos(3, SIDE, SIDE)
    outcomes = run_with_fallback(model, [good[0], torch.zeros_like(good[0]), good[1], good[2]])
    assert isinstance(outcomes[1].cartoon, InternalError)
    assert [outcome.batch_size for outcome in outcomes] == [1, 1, 1, 1]
    assert sum(isinstance(outcome.cartoon, torch.Tensor) for outcome in outcomes) == 3


# With room for some 300 MB more than it has, a whole photo of 2048 pixels cannot be computed: one
# activation of the network alone takes 268 MB, and it holds three.
NARROW = """
import resource, torch
from tests.support.styles import ConvStyle
from worker.engine.calibration import calibrate
from worker.engine.devices import CpuDevice
from worker.engine.fidelity import most_levels
from worker.engine.fallback import run_with_fallback
from worker.engine.sample_photos import sample_photos
from worker.engine.model import Model
torch.set_num_threads(1)
model = Model(ConvStyle())
calibrate(model, CpuDevice(), max_batch=1)
model.most_pixels = None  # as if nobody could say
(photo,) = sample_photos(1, 2048, 2048)
(whole,) = run_with_fallback(model, [photo])
model.device.release()
with open("/proc/self/statm") as file:
    taken = int(file.read().split()[0]) * resource.getpagesize()
resource.setrlimit(resource.RLIMIT_AS, (taken + 300_000_000, resource.RLIM_INFINITY))
(outcome,) = run_with_fallback(model, [photo])
print(whole.tiled, outcome.tiled, most_levels(whole.cartoon, outcome.cartoon))
"""


@linux_only
def test_the_real_allocator_runs_out_and_tiles_get_through() -> None:
    done = subprocess.run(
        [sys.executable, "-c", NARROW], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    whole_tiled, tiled, levels = done.stdout.split()
    assert (whole_tiled, tiled) == ("False", "True")
    assert int(levels) <= 1
    assert "can't allocate memory" in done.stderr
