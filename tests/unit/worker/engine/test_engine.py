"""The engine batches what may share a forward and lets a bad photo fail alone."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from queue import Queue

import pytest
import torch

from common.errors import InternalError, OutOfMemory
from tests.support.accelerators import SmallDevice
from tests.support.styles import ConvStyle
from worker.engine.calibration import calibrate
from worker.engine.engine import Engine, Rendered
from worker.engine.model import Model
from worker.networks.precision import Precision
from worker.styles.base import StyleCard

WAIT_S = 20


class ScriptedStyle:
    """Inverts; waits at `gate`; fails for a photo whose first pixel is 1, 2 or 3.

    With an error of its own, for want of memory, because the device is lost.
    """

    card = StyleCard(name="scripted", title="", description="", model_digest="1")
    degraded: tuple[str, ...] = ()

    def __init__(self) -> None:
        self.gate = threading.Event()
        self.entered = threading.Event()
        self.batches: list[int] = []
        self.inside = threading.Semaphore(0)  # one for each forward that has begun

    def load(self, device: torch.device, precision: Precision) -> None:
        """There is nothing to load."""

    def forward(self, photos: torch.Tensor, long_side_px: int) -> torch.Tensor:
        """See the class."""
        self.entered.set()
        self.inside.release()
        assert self.gate.wait(WAIT_S)
        self.batches.append(len(photos))
        marks = photos[:, 0, 0, 0].tolist()
        if 1 in marks:
            raise ValueError("bad photo")
        if 2 in marks:
            raise torch.OutOfMemoryError("too much")
        if 3 in marks:
            raise torch.AcceleratorError("CUDA error: unspecified launch failure")
        return 255 - photos


@pytest.fixture
def style() -> ScriptedStyle:
    return ScriptedStyle()


@pytest.fixture
def model(style: ScriptedStyle) -> Model:
    model = Model(style)
    model.max_batch = 4
    return model


@pytest.fixture
def losses() -> "Queue[frozenset[str]]":
    """What was in the forwards in which the device was lost."""
    return Queue()


@pytest.fixture
def engine(model: Model, losses: "Queue[frozenset[str]]") -> Engine:
    engine = Engine({model.line: model}, on_loss=losses.put)
    engine.start()
    return engine


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(16) as pool:
        yield pool


def _photo(mark: int, side: int = 8) -> torch.Tensor:
    return torch.full((3, side, side), mark, dtype=torch.uint8)


Submit = Callable[[torch.Tensor], "Future[Rendered]"]


@pytest.fixture
def submit(engine: Engine, model: Model, threads: ThreadPoolExecutor) -> Submit:
    def one(photo: torch.Tensor) -> "Future[Rendered]":
        return threads.submit(engine.render, model.line, "key", photo)

    return one


def _hold_first(submit: Submit, style: ScriptedStyle) -> "Future[Rendered]":
    """Hand in one photo and wait until its forward has begun."""
    first = submit(_photo(100))
    assert style.entered.wait(WAIT_S)
    return first


def _wait_until_queued(engine: Engine, count: int) -> None:
    arrived = threading.Event()
    while len(engine) < count:
        arrived.wait(0.001)


def test_what_gathers_during_a_forward_shares_the_next(
    engine: Engine, submit: Submit, style: ScriptedStyle
) -> None:
    first = _hold_first(submit, style)
    rest = []
    for count, mark in enumerate((10, 20, 30, 40, 50), start=1):
        rest.append(submit(_photo(mark)))
        _wait_until_queued(engine, count)
    style.gate.set()
    assert first.result(WAIT_S).batch_size == 1
    cartoons = [future.result(WAIT_S).cartoon for future in rest]
    assert [int(cartoon[0, 0, 0]) for cartoon in cartoons] == [245, 235, 225, 215, 205]
    assert style.batches == [1, 4, 1]


def test_shapes_never_mix(engine: Engine, submit: Submit, style: ScriptedStyle) -> None:
    _hold_first(submit, style)
    rest = [submit(_photo(9, side)) for side in (8, 16, 8)]
    _wait_until_queued(engine, 3)
    style.gate.set()
    assert sorted(future.result(WAIT_S).batch_size for future in rest) == [1, 2, 2]


def test_a_bad_photo_fails_alone(engine: Engine, submit: Submit, style: ScriptedStyle) -> None:
    _hold_first(submit, style)
    good, bad, big = submit(_photo(9)), submit(_photo(1)), submit(_photo(2))
    _wait_until_queued(engine, 3)
    style.gate.set()
    assert int(good.result(WAIT_S).cartoon[0, 0, 0]) == 246
    with pytest.raises(InternalError):
        bad.result(WAIT_S)
    with pytest.raises(OutOfMemory):
        big.result(WAIT_S)


def test_a_lost_device_is_told_with_the_renders_that_shared_the_forward(
    engine: Engine,
    model: Model,
    submit: Submit,
    style: ScriptedStyle,
    losses: "Queue[frozenset[str]]",
) -> None:
    first = _hold_first(submit, style)
    photos = {"good": _photo(9), "last": _photo(3), "elsewhere": _photo(9, 16)}
    waiting = [
        # They wait until the process ends, so nobody may wait for them.
        threading.Thread(target=engine.render, args=(model.line, key, photo), daemon=True)
        for key, photo in photos.items()
    ]
    for count, thread in enumerate(waiting, start=1):
        thread.start()
        _wait_until_queued(engine, count)
    style.gate.set()
    first.result(WAIT_S)
    assert losses.get(timeout=WAIT_S) == {"good", "last"}
    # Nothing is tried on it again, nor handed back as if these photos had failed.
    assert style.batches == [1, 2]
    assert all(thread.is_alive() for thread in waiting)


def test_the_watchdog_sees_what_runs(engine: Engine, submit: Submit, style: ScriptedStyle) -> None:
    first = _hold_first(submit, style)
    assert [running.keys for running in engine.running] == [{"key"}]
    style.gate.set()
    first.result(WAIT_S)


@pytest.mark.parametrize(
    ("grain_px", "shapes"),
    [
        (1, {(768, 1024)}),
        (
            64,
            {
                (768, 1024),
                (1024, 768),
                (704, 1024),
                (1024, 704),
                (576, 1024),
                (1024, 576),
                (1024,) * 2,
            },
        ),
    ],
)
def test_every_common_shape_is_warm_alone_and_in_the_largest_batch(
    losses: "Queue[frozenset[str]]", grain_px: int, shapes: set[tuple[int, int]]
) -> None:
    model = Model(ConvStyle())
    device = SmallDevice(10**8, grain_px=grain_px)
    calibrate(model, device, max_batch=2)
    device.forwards.clear()
    Engine({model.line: model}, lanes=1, on_loss=losses.put).start(warm=True)
    assert set(device.forwards) == {(count, *shape) for count in (1, 2) for shape in shapes}


class ParallelStyle(ScriptedStyle):
    """The same, several at once."""

    card = StyleCard(name="parallel", title="", description="", model_digest="1", parallel=True)


@pytest.mark.parametrize(
    ("style_class", "orders", "together"),
    [(ParallelStyle, False, 2), (ScriptedStyle, False, 1), (ScriptedStyle, True, 2)],
)
def test_styles_run_side_by_side_where_they_or_the_device_allow_it(
    threads: ThreadPoolExecutor,
    losses: "Queue[frozenset[str]]",
    style_class: type[ScriptedStyle],
    orders: bool,
    together: int,
) -> None:
    style = style_class()
    model = Model(style)
    model.device = SmallDevice(10**6, orders=orders)
    engine = Engine({model.line: model}, lanes=2, threads=2, on_loss=losses.put)
    engine.start()
    photos = [threads.submit(engine.render, model.line, "key", _photo(9, 8)) for _ in range(2)]
    if together > 1:
        assert all(style.inside.acquire(timeout=WAIT_S) for _ in range(2))
    else:
        assert style.entered.wait(WAIT_S)
        _wait_until_queued(engine, 1)
    assert len(engine.running) == together
    style.gate.set()
    assert all(int(photo.result(WAIT_S).cartoon[0, 0, 0]) == 246 for photo in photos)
