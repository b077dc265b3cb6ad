"""Every device keeps the same promises; the small one of the tests as well as the real ones."""

from collections.abc import Callable

import pytest
import torch

from tests.support.accelerators import SmallDevice
from tests.support.platforms import linux_only
from tests.support.styles import ConvStyle
from worker.engine import memory
from worker.engine.calibration import calibrate
from worker.engine.cuda import CudaDevice
from worker.engine.device_errors import is_out_of_memory
from worker.engine.devices import CpuDevice, Device
from worker.engine.fidelity import psnr_db
from worker.engine.model import Model
from worker.engine.sample_photos import sample_photos
from worker.networks.precision import Precision

MEBIBYTE = 2**20
DEVICES = [
    pytest.param(lambda: CpuDevice(4), id="cpu"),
    pytest.param(lambda: SmallDevice(2**24), id="small"),
    pytest.param(lambda: CudaDevice(torch.device("cuda")), id="cuda", marks=pytest.mark.gpu),
]


@pytest.fixture(params=DEVICES)
def device(request: pytest.FixtureRequest) -> Device:
    make: Callable[[], Device] = request.param
    return make()


@pytest.mark.parametrize("count", [1, 3])
def test_photos_come_back_as_cartoons_in_their_order(device: Device, count: int) -> None:
    photos = sample_photos(count, 40, 56)
    seen = []

    def invert(batch: torch.Tensor) -> torch.Tensor:
        seen.append(batch)
        return 255 - batch

    cartoons = device.run(invert, photos)
    (batch,) = seen
    assert batch.shape == (count, 3, 40, 56)
    assert batch.device.type == device.place.type
    assert batch.is_contiguous(memory_format=torch.channels_last)
    assert len(cartoons) == count
    for photo, cartoon in zip(photos, cartoons, strict=True):
        assert cartoon.device.type == "cpu"
        assert torch.equal(cartoon, 255 - photo)


def test_nothing_is_recorded_for_gradients(device: Device) -> None:
    seen = []

    def look(batch: torch.Tensor) -> torch.Tensor:
        seen.append(torch.is_inference_mode_enabled())
        return batch

    device.run(look, sample_photos(1, 8, 8))
    assert seen == [True]


def test_a_forward_raises_what_it_raises(device: Device) -> None:
    def fail(batch: torch.Tensor) -> torch.Tensor:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        device.run(fail, sample_photos(1, 8, 8))
    device.release()


def test_a_style_looks_the_same_everywhere(device: Device) -> None:
    photos = sample_photos(2, 128, 192)
    here, there = Model(ConvStyle()), Model(ConvStyle())
    calibrate(here, device, max_batch=2)
    calibrate(there, CpuDevice(), max_batch=2)
    there.load(Precision.FLOAT32)
    assert psnr_db(here.run(photos), there.run(photos)) > 40


@linux_only
def test_the_cpu_tells_what_work_took() -> None:
    device = CpuDevice()
    rows: list[torch.Tensor] = []
    peak = device.peak_bytes(lambda: rows.append(torch.ones(64 * MEBIBYTE, dtype=torch.uint8)))
    assert peak is not None
    assert 60 * MEBIBYTE < peak < 160 * MEBIBYTE
    small = device.peak_bytes(lambda: None)
    assert small is not None
    assert small < 30 * MEBIBYTE  # what was taken before is not counted


@linux_only
def test_no_more_is_promised_than_the_machine_has() -> None:
    free = memory.free_bytes()
    assert free is not None
    assert 0 < free < 2**50
    one, four = CpuDevice(1).memory_bytes(), CpuDevice(4).memory_bytes()
    assert one is not None
    assert four is not None
    assert four < one < free * 1.5


@pytest.mark.parametrize(
    ("error", "oom"),
    [
        (torch.OutOfMemoryError("CUDA out of memory."), True),
        (MemoryError(), True),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling"), True),
        (RuntimeError("The size of tensor a (3) must match"), False),
        (ValueError("CUDA out of memory"), False),
    ],
)
def test_out_of_memory_is_told_from_a_fault(error: Exception, oom: bool) -> None:
    assert is_out_of_memory(error) is oom


def test_running_out_of_memory_for_real_is_recognised() -> None:
    with pytest.raises(RuntimeError) as caught:
        torch.empty(2**60, dtype=torch.uint8)
    assert is_out_of_memory(caught.value)
