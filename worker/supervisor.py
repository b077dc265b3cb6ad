"""The supervisor: starts one worker process per device and starts again what dies.

It sets what must stand before torch is imported: the device a process may see, the allocator's
behaviour. It holds no model, talks to nobody and imports no torch.
"""

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

from common.errors import ConfigurationError
from common.settings import Settings

_log = logging.getLogger(__name__)

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0
# A process that lived this long died of something new: its successor starts at once again.
LIVED_S = 20.0
LOOK_EVERY_S = 0.1
# What a stopping process takes on top of its drain: Celery's own shutdown.
STOP_EXTRA_S = 15.0


@dataclass(frozen=True, slots=True)
class Seat:
    """One worker process to be: its name and its device."""

    name: str
    device: str
    cuda_visible_devices: str

    def command(self) -> list[str]:
        """Command line of the process."""
        module = [sys.executable, "-m", "worker.process"]
        return [*module, "--name", self.name, "--device", self.device, "--parent", str(os.getpid())]

    def variables(self) -> dict[str, str]:
        """What the environment must hold before torch is imported."""
        return {
            "CUDA_VISIBLE_DEVICES": self.cuda_visible_devices,
            "THP_MEM_ALLOC_ENABLE": "1",  # transparent huge pages: 1.7x together with mallopt
        }


def seats_for(settings: Settings, gpu_numbers: Sequence[str]) -> list[Seat]:
    """Decide which processes to run: one per GPU, or one for the CPU.

    Args:
        settings: `device` and `worker_name`.
        gpu_numbers: Numbers of the GPUs this machine has.

    Raises:
        ConfigurationError: `device` is not `auto`, `cpu` or numbers.
    """
    wanted = settings.device.strip().lower()
    if wanted == "auto":
        numbers = list(gpu_numbers)
    elif wanted == "cpu":
        numbers = []
    else:
        numbers = [part.strip() for part in wanted.split(",")]
        if not all(number.isdigit() for number in numbers):
            raise ConfigurationError("CELSHADE_DEVICE: use 'auto', 'cpu' or numbers like '0,1'.")
    if not numbers:
        return [Seat(settings.worker_name, "cpu", "")]
    names = (
        [settings.worker_name]
        if len(numbers) == 1
        else [f"{settings.worker_name}-gpu{number}" for number in numbers]
    )
    return [Seat(name, "cuda", number) for name, number in zip(names, numbers, strict=True)]


def find_gpus() -> list[str]:
    """Numbers of the NVIDIA devices of this machine, without touching one."""
    return sorted(
        path.name.removeprefix("nvidia")
        for path in Path("/dev").glob("nvidia[0-9]*")
        if path.name.removeprefix("nvidia").isdigit()
    )


class Place:
    """A seat and whoever sits in it; knows when the next one may start.

    Args:
        seat: What to run.
        environment: The whole environment, before the seat's own variables.
    """

    def __init__(self, seat: Seat, environment: dict[str, str]) -> None:
        self._seat = seat
        # What dies young again and again is started more and more slowly, but always again.
        self._pause_s = FIRST_PAUSE_S
        self._due_s = 0.0
        self._born_s = 0.0
        self._environment = {**environment, **seat.variables()}
        self._child: subprocess.Popen[bytes] | None = None

    def tend(self, now_s: float) -> None:
        """Take note of a death, or start the next process when it is due."""
        if self._child is None:
            if now_s >= self._due_s:
                self._start(now_s)
        elif self._child.poll() is not None:
            self._mourn(self._child, now_s)

    def _start(self, now_s: float) -> None:
        # A group of its own: Ctrl-C reaches the supervisor alone, which stops its children.
        self._child = subprocess.Popen(self._seat.command(), env=self._environment, process_group=0)
        self._born_s = now_s

    def _mourn(self, child: subprocess.Popen[bytes], now_s: float) -> None:
        lived = now_s - self._born_s > LIVED_S
        self._pause_s = FIRST_PAUSE_S if lived else min(self._pause_s * 2, LONGEST_PAUSE_S)
        self._due_s = now_s + self._pause_s
        self._child = None
        _log.warning(
            "%s ended with %s, back in %.1f s", self._seat.name, child.returncode, self._pause_s
        )

    def terminate(self) -> None:
        """Ask whoever sits here to stop."""
        if self._child is not None:
            self._child.terminate()

    def wait(self, timeout_s: float) -> None:
        """Wait until nobody sits here; end them when it takes longer."""
        if self._child is None:
            return
        try:
            self._child.wait(timeout_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


class Supervisor:
    """Keeps a process in every seat until told to stop.

    Args:
        seats: What to run.
        environment: The whole environment of the processes, before each seat's own variables.
        stop_s: How long stopping processes are waited for before they are killed, seconds.
    """

    def __init__(self, seats: Sequence[Seat], environment: dict[str, str], stop_s: float) -> None:
        self._places = [Place(seat, environment) for seat in seats]
        self._stop_s = stop_s
        self._stopping = threading.Event()

    def run(self) -> None:
        """Keep all seats taken; returns when told to stop and all have ended.

        For the main thread only: on Linux the kernel ends a child when the thread that started it
        is gone.
        """
        signal.signal(signal.SIGTERM, self._stop)
        signal.signal(signal.SIGINT, self._stop)
        while not self._stopping.is_set():
            for place in self._places:
                place.tend(time.monotonic())
            self._stopping.wait(LOOK_EVERY_S)
        for place in self._places:
            place.terminate()
        deadline_s = time.monotonic() + self._stop_s
        for place in self._places:
            place.wait(max(0.0, deadline_s - time.monotonic()))

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self._stopping.set()
