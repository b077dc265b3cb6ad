"""An accelerator to be small: the CPU with the memory of whatever a test needs."""

from collections.abc import Callable, Sequence

import torch

from worker.engine.devices import CpuDevice, Forward
from worker.networks.precision import Precision


class SmallDevice:
    """Runs out of memory as a GPU does, above some pixels in one forward.

    Args:
        most_pixels: Pixels of a forward that fit.
        tells: Whether it can be asked how much that is, as a GPU can.
        precisions: Those it says it is fast in.
        grain_px: Sides that it likes.
        orders: Whether any style may have several batches under way, as on a GPU.
    """

    name = "small"
    lanes = 1

    def __init__(
        self,
        most_pixels: int,
        *,
        tells: bool = False,
        precisions: tuple[Precision, ...] = (),
        grain_px: int = 1,
        orders: bool = False,
    ) -> None:
        self.place = torch.device("cpu")
        self.precisions = precisions
        self.grain_px = grain_px
        self.orders = orders
        self.most_pixels = most_pixels
        self.releases = 0
        self.forwards: list[tuple[int, ...]] = []
        self._tells = tells
        self._cpu = CpuDevice()

    def run(self, forward: Forward, photos: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        """Run on the CPU what would fit."""
        self.forwards.append((len(photos), *photos[0].shape[1:]))
        if len(photos) * photos[0][0].numel() > self.most_pixels:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return self._cpu.run(forward, photos)

    def memory_bytes(self) -> int | None:
        """One byte a pixel."""
        return self.most_pixels if self._tells else None

    def peak_bytes(self, work: Callable[[], object]) -> int | None:
        """One byte a pixel of the last forward."""
        work()
        count, height, width = self.forwards[-1]
        return count * height * width

    def release(self) -> None:
        """Count."""
        self.releases += 1
