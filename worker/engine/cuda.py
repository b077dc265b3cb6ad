"""CUDA: a GPU as a device of the engine.

Pixels cross the bus as bytes, from and to pinned memory, on a stream of their own for each lane, so
that one lane's photos travel while the other's are computed. All forwards share one stream.
"""

import threading
from collections.abc import Callable, Sequence

import torch

from worker.engine.devices import Forward
from worker.networks.precision import Precision

# One computes, one copies; the two change places.
_LANES = 2
# Photos at 1024 px then have 1 of 16 shapes instead of 1024; of the common ratios 4:3, 16:9 and 1:1
# get no more pixels by it, 5:4 gets 1.6 and 3:2 3.1 % more.
_GRAIN_PX = 64
# What is left for the driver, for cuDNN's own choices and for fragments.
_SHARE = 0.8


class CudaDevice:
    """One NVIDIA GPU.

    Args:
        place: Such as `torch.device("cuda")`; the supervisor shows each process a single one.
    """

    lanes = _LANES
    orders = True
    grain_px = _GRAIN_PX

    def __init__(self, place: torch.device) -> None:
        self.place = place
        self.name = torch.cuda.get_device_name(place)
        self.precisions: tuple[Precision, ...] = (Precision.FLOAT16,)
        if torch.cuda.is_bf16_supported(including_emulation=False):
            self.precisions += (Precision.BFLOAT16,)  # where float16 overflows
        # Trying each shape's algorithms out pays because shapes are few: they are in a grain.
        torch.backends.cudnn.benchmark = True
        self._lane = threading.local()
        self._order = threading.Lock()

    def run(self, forward: Forward, photos: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Carry the photos over, compute in turn with the other lane, carry the cartoons back."""
        copies = self._copy_stream()
        with torch.inference_mode():
            sent = _pinned(len(photos), photos[0].shape[1:])
            for row, photo in zip(sent, photos, strict=True):
                row.copy_(photo)
            with torch.cuda.stream(copies):
                batch = sent.to(self.place, non_blocking=True)
            with self._order:
                cartoons, computed = self._compute(forward, batch, copies)
            copies.wait_event(computed)
            received = _pinned(len(photos), cartoons.shape[2:])
            with torch.cuda.stream(copies):
                received.copy_(cartoons, non_blocking=True)
            # Their memory belongs to the stream of forwards, which must not reuse it before.
            cartoons.record_stream(copies)
            copies.synchronize()
        return list(received.unbind())

    def _compute(
        self, forward: Forward, batch: torch.Tensor, copies: torch.cuda.Stream
    ) -> tuple[torch.Tensor, torch.cuda.Event]:
        """Put a forward on the stream of forwards; the event tells that it is done."""
        compute = torch.cuda.current_stream(self.place)
        compute.wait_stream(copies)
        batch.record_stream(compute)
        cartoons = forward(batch).contiguous(memory_format=torch.channels_last)
        return cartoons, compute.record_event()

    def _copy_stream(self) -> torch.cuda.Stream:
        """The stream of the lane that asks."""
        if not hasattr(self._lane, "copies"):
            self._lane.copies = torch.cuda.Stream(self.place)  # type: ignore[no-untyped-call]  # torch has no types for it
        copies: torch.cuda.Stream = self._lane.copies
        return copies

    def memory_bytes(self) -> int | None:
        """Most of what is free on the GPU, with what the allocator keeps for us.

        The lanes' forwards run one after the other, so each may take all of it.
        """
        free_bytes, _ = torch.cuda.mem_get_info(self.place)
        reserved = torch.cuda.memory_reserved(self.place)
        kept = reserved - torch.cuda.memory_allocated(self.place)
        return int((free_bytes + kept) * _SHARE)

    def peak_bytes(self, work: Callable[[], object]) -> int | None:
        """Ask torch's allocator."""
        torch.cuda.reset_peak_memory_stats(self.place)
        before = torch.cuda.memory_allocated(self.place)
        work()
        torch.cuda.synchronize(self.place)
        return torch.cuda.max_memory_allocated(self.place) - before

    def release(self) -> None:
        """Give the allocator's spare blocks back, so that others of another size can be had."""
        torch.cuda.empty_cache()


def _pinned(count: int, sides: torch.Size) -> torch.Tensor:
    """Memory that the GPU may read and write by itself; torch keeps it for the next call.

    Returns:
        uint8 [count, 3, H, W] in channels_last, unset.
    """
    rows = torch.empty((count, *sides, 3), dtype=torch.uint8, pin_memory=True)
    return rows.permute(0, 3, 1, 2)
