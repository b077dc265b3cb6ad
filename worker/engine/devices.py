"""Devices: what the engine must know of an accelerator, and the CPU as one.

A device carries photos to a forward and cartoons back, says which precisions it computes faster
than float32, and measures memory. It knows no style and no job.
"""

from collections.abc import Callable, Sequence
from typing import Protocol

import torch

from common.allocator import give_back_now
from worker.engine import memory
from worker.networks.precision import Precision

# Forwards side by side on a CPU: each needs the memory of one photo.
_MOST_LANES = 4
# A CPU is shared with decoders, encoders and neighbours: half of its free memory is for forwards.
_CPU_SHARE = 0.5

Forward = Callable[[torch.Tensor], torch.Tensor]


class Device(Protocol):
    """An accelerator, or the CPU.

    Attributes:
        place: Where tensors go.
        name: What `execution.device` says.
        lanes: How many batches may be under way at once.
        orders: Whether forwards of several lanes queue up on it by themselves. Then any style may
            have as many batches under way as there are lanes: the pixels of one travel while
            another is computed, and photos that gather share a forward. Else only styles whose card
            says `parallel` have several under way, and a batch is one photo.
        precisions: Those computed faster than float32, the best first.
        grain_px: Sides are padded to a multiple of this where a style allows it, so that photos of
            nearly the same shape share forwards; 1 where that does not pay.
    """

    place: torch.device
    name: str
    lanes: int
    orders: bool
    precisions: tuple[Precision, ...]
    grain_px: int

    def run(self, forward: Forward, photos: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Carry photos of one shape to a forward and its cartoons back.

        Args:
            forward: Takes and gives uint8 [N, 3, H, W] on the device.
            photos: uint8 [3, H, W] each, on the CPU.

        Returns:
            uint8 [3, H, W] each, on the CPU, in the same order.
        """

    def memory_bytes(self) -> int | None:
        """Memory that one forward may take, bytes; None where it is not known."""

    def peak_bytes(self, work: Callable[[], object]) -> int | None:
        """Do some work; most memory it took at once, bytes; None where it is not known."""

    def release(self) -> None:
        """Give back what is kept for later, after memory ran out."""


class CpuDevice:
    """The CPU.

    Args:
        threads: Those that torch may use.
    """

    place = torch.device("cpu")
    name = "cpu"
    orders = False  # the kernel would run them all at once, each on all cores
    grain_px = 1  # without batches there is nothing to share

    def __init__(self, threads: int = 1) -> None:
        self.lanes = min(threads, _MOST_LANES)
        self.precisions = _fast_cpu_precisions()

    def run(self, forward: Forward, photos: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Run the forward on the photos as they lie, one after the other in memory."""
        batch = photos[0].unsqueeze(0) if len(photos) == 1 else torch.stack(list(photos))
        with torch.inference_mode():
            cartoons = forward(batch.contiguous(memory_format=torch.channels_last))
        return list(cartoons.unbind())

    def memory_bytes(self) -> int | None:
        """Half of what the machine or the container has left, divided by the lanes."""
        give_back_now()
        free_bytes = memory.free_bytes()
        return None if free_bytes is None else int(free_bytes * _CPU_SHARE) // self.lanes

    def peak_bytes(self, work: Callable[[], object]) -> int | None:
        """See the kernel's own mark of the process's largest size."""
        give_back_now()  # else the work would use what former work left, and not grow
        return memory.growth_bytes(work)

    def release(self) -> None:
        """Give freed memory back to the system."""
        give_back_now()


def _fast_cpu_precisions() -> tuple[Precision, ...]:
    """bfloat16 where the CPU multiplies it itself; emulated it is slower than float32."""
    able = torch.cpu.get_capabilities()
    if able.get("avx512_bf16") or able.get("amx_bf16"):
        return (Precision.BFLOAT16,)
    return ()
