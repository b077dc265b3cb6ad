"""Styles become models: found, checked, measured."""

from pathlib import Path

import pytest
import torch

from common.errors import ConfigurationError
from common.styles import version_of
from tests.support.accelerators import SmallDevice
from tests.support.clocks import Clock
from worker.engine import calibration
from worker.engine.devices import CpuDevice
from worker.engine.model import Model
from worker.engine.model_catalog import DEFAULT_STYLE, find_models
from worker.networks.precision import Precision
from worker.styles.base import StyleCard

CPU = CpuDevice()
NOWHERE = Path("no-such-folder")


class Inverting:
    """A style that works."""

    card = StyleCard(name="inverting", title="", description="", model_digest="1", multiple_of=3)
    degraded: tuple[str, ...] = ()

    def load(self, device: torch.device, precision: Precision) -> None:
        """There is nothing to load."""

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Invert."""
        assert photos.shape[2] % 3 == 0
        return 255 - photos


class Floating(Inverting):
    """A style that answers the wrong type."""

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Answer floats."""
        return photos.float()


class Shouting(Inverting):
    """A style whose name is none."""

    card = StyleCard(name="LOUD!", title="", description="", model_digest="1")


def test_the_default_is_always_there_and_marked() -> None:
    models = find_models((), NOWHERE).values()
    cards = {m.style.card.name: m.offer().card for m in models}
    assert '"is_default":true' in cards[DEFAULT_STYLE]


def test_extra_styles_come_by_name() -> None:
    models = find_models(["tests.support.styles:SlowStyle"], NOWHERE)
    assert "slow" in {model.style.card.name for model in models.values()}


def test_a_worker_may_serve_some_of_what_is_there() -> None:
    models = find_models(["tests.support.styles:SlowStyle"], NOWHERE, only=("slow", "pencil"))
    assert {model.style.card.name for model in models.values()} == {"slow", "pencil"}
    with pytest.raises(ConfigurationError, match="no crayon; there are ink-filter, ink"):
        find_models([], NOWHERE, only=("ink", "crayon"))


@pytest.mark.parametrize("entry", ["tests.support.styles:Missing", "no_such_module:Style"])
def test_a_style_that_is_not_there_is_said_so(entry: str) -> None:
    with pytest.raises(ConfigurationError, match="CELSHADE_EXTRA_STYLES"):
        find_models([entry], NOWHERE)


def test_two_styles_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigurationError, match="slow"):
        find_models(["tests.support.styles:SlowStyle", "tests.support.styles:SlowStyle"], NOWHERE)


def test_a_new_digest_is_a_new_version_and_a_line_of_its_own() -> None:
    assert version_of("a") != version_of("b")
    assert Model(Inverting()).line == f"inverting.{version_of('1')}"


def test_loading_measures() -> None:
    model = Model(Inverting())
    calibration.calibrate(model, CPU)
    assert model.seconds_per_mp > 0


class Slow(Inverting):
    """A style whose forward takes a fixed time and a little for each photo."""

    def __init__(self, clock: Clock, each_s: float) -> None:
        self._clock, self._each_s = clock, each_s

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """Let time pass, and invert."""
        self._clock.now_s += 1 + self._each_s * len(photos)
        return super().forward(photos, long_side_px)


# Photos a second by batch: with 0.5 s each 0.67, 1.00, 1.33, 1.60, 1.78, 1.88; with 3 s each 0.25,
# 0.286, 0.308. What a doubling brings falls below a tenth from 16 to 32, and from 2 to 4.
@pytest.mark.parametrize(
    ("each_s", "memory_photos", "batch"), [(0.5, 100, 16), (3, 100, 2), (0.5, 5, 4), (0.5, 1, 1)]
)
def test_the_batch_grows_while_it_pays_and_fits(
    monkeypatch: pytest.MonkeyPatch, each_s: float, memory_photos: int, batch: int
) -> None:
    clock = Clock()
    monkeypatch.setattr("worker.engine.calibration.time.perf_counter", clock)
    device = SmallDevice(0, orders=True)
    model = Model(Slow(clock, each_s), device)
    device.most_pixels = memory_photos * model.side_px(calibration.WARM_SIDE_PX) ** 2
    model.load(Precision.FLOAT32)
    assert calibration.largest_batch(model) == batch


def test_on_a_cpu_there_are_no_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("worker.engine.calibration.time.perf_counter", clock)
    model = Model(Slow(clock, each_s=0), CPU)  # by the clock the largest would be best
    model.load(Precision.FLOAT32)
    assert calibration.largest_batch(model) == 1


def test_a_given_batch_is_taken() -> None:
    model = Model(Inverting())
    calibration.calibrate(model, CPU, max_batch=7)
    assert model.max_batch == 7


def test_a_style_that_breaks_its_promise_is_refused_at_load() -> None:
    with pytest.raises(ConfigurationError, match="uint8"):
        calibration.calibrate(Model(Floating()), CPU, max_batch=1)


def test_a_bad_name_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="style name"):
        Model(Shouting())
