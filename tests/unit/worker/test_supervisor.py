"""Which processes a supervisor runs, and what each is told before torch is imported."""

import pytest

from common.errors import ConfigurationError
from common.settings import Settings
from worker.supervisor import slots_for


def _slots(device: str, gpus: list[str]) -> list[tuple[str, str, str]]:
    slots = slots_for(Settings(device=device, worker_name="w"), gpus)
    return [(slot.name, slot.device, slot.cuda_visible_devices) for slot in slots]


def test_without_a_gpu_there_is_one_process_for_the_cpu() -> None:
    assert _slots("auto", []) == [("w", "cpu", "")]


def test_one_process_per_gpu_each_seeing_its_own() -> None:
    assert _slots("auto", ["0", "1"]) == [("w-gpu0", "cuda", "0"), ("w-gpu1", "cuda", "1")]


def test_a_single_gpu_keeps_the_plain_name() -> None:
    assert _slots("auto", ["0"]) == [("w", "cuda", "0")]


def test_the_cpu_can_be_asked_for_beside_gpus() -> None:
    assert _slots("cpu", ["0"]) == [("w", "cpu", "")]


def test_chosen_gpus() -> None:
    assert _slots("3,5", []) == [("w-gpu3", "cuda", "3"), ("w-gpu5", "cuda", "5")]


def test_nonsense_is_refused_in_plain_words() -> None:
    with pytest.raises(ConfigurationError, match="CELSHADE_DEVICE"):
        _slots("fast", [])


def test_each_process_sees_its_device_before_torch_is_imported() -> None:
    slot = slots_for(Settings(device="1"), [])[0]
    assert slot.variables()["CUDA_VISIBLE_DEVICES"] == "1"
    assert slot.variables()["THP_MEM_ALLOC_ENABLE"] == "1"
