"""The worker's supervisor: one worker process per device, started again when it dies.

It sets what must stand before torch is imported: the device a process may see, and the allocator's
behaviour. It holds no model, connects to nothing and imports no torch.
"""

import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.errors import ConfigurationError
from common.processes.supervised_process import Death, Program, RestartPauses, Status
from common.processes.supervisor import Supervisor
from common.settings import Settings

_log = logging.getLogger(__name__)

PAUSES = RestartPauses(first_s=0.2, longest_s=10.0, stable_s=20.0)
# What a stopping process takes on top of its drain: Celery's own shutdown.
STOP_EXTRA_S = 15.0


@dataclass(frozen=True, slots=True)
class WorkerSlot:
    """One worker process to run: its name and its device."""

    name: str
    device: str
    cuda_visible_devices: str

    def program(self, environment: Mapping[str, str], stop_s: float) -> Program:
        """Return what to run in this slot.

        Args:
            environment: The whole environment, before the slot's own variables.
            stop_s: How long the process may take to stop before it is killed, seconds.
        """
        command = [sys.executable, "-m", "worker.process", "--name", self.name]
        return Program(
            name=self.name,
            kind="worker",
            command=[*command, "--device", self.device, "--parent", str(os.getpid())],
            env={**environment, **self.variables()},
            grace_s=stop_s,
            pauses=PAUSES,
        )

    def variables(self) -> dict[str, str]:
        """What the environment must hold before torch is imported."""
        return {
            "CUDA_VISIBLE_DEVICES": self.cuda_visible_devices,
            "THP_MEM_ALLOC_ENABLE": "1",  # transparent huge pages: 1.7x together with mallopt
        }


def slots_for(settings: Settings, gpu_numbers: Sequence[str]) -> list[WorkerSlot]:
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
        return [WorkerSlot(settings.worker_name, "cpu", "")]
    names = (
        [settings.worker_name]
        if len(numbers) == 1
        else [f"{settings.worker_name}-gpu{number}" for number in numbers]
    )
    return [WorkerSlot(name, "cuda", number) for name, number in zip(names, numbers, strict=True)]


def find_gpus() -> list[str]:
    """Numbers of the NVIDIA devices of this machine, without touching one."""
    return sorted(
        path.name.removeprefix("nvidia")
        for path in Path("/dev").glob("nvidia[0-9]*")
        if path.name.removeprefix("nvidia").isdigit()
    )


def supervise(slots: Sequence[WorkerSlot], environment: Mapping[str, str], stop_s: float) -> None:
    """Keep a process in every slot; returns when told to stop and all have ended.

    For the main thread only, which gets the signals.

    Args:
        slots: What to run.
        environment: The whole environment of the processes, before each slot's own variables.
        stop_s: How long stopping processes are waited for before they are killed, seconds.
    """
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    programs = [slot.program(environment, stop_s) for slot in slots]
    Supervisor(programs, _DeathLog()).run(stopping, on_ready=lambda: None)


class _DeathLog:
    """Logs deaths; a `Watcher` of the supervisor."""

    def changed(self, statuses: Sequence[Status]) -> None:
        """Nothing: each process logs for itself."""

    def died(self, death: Death) -> None:
        """Log how a process ended, and when it is started again."""
        ended = death.how if death.code is None else f"ended with {death.code}"
        _log.warning("%s %s, back in %.1f s", death.name, ended, death.again_in_s)

    def still_starting(self, statuses: Sequence[Status]) -> None:
        """Nothing: a process counts as running once it is started."""
