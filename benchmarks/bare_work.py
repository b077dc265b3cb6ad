"""Decode, forward and encode alone: the worker's own parts without queue, HTTP or storage.

Each measurement is a process of its own, made as the supervisor makes a worker: the allocator is
told before torch is imported. `python -m benchmarks.bare_work` is that process; it prints JSON.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.processes import cores
from benchmarks.work import Work
from common.allocator import keep_freed_memory
from common.settings import environment_with
from worker.supervisor import WorkerSlot

if TYPE_CHECKING:
    from benchmarks.bare_stages import BareStages


class Way(StrEnum):
    """How the stages follow each other."""

    SERIAL = "serial"
    ENGINE = "engine"


def measure(
    folder: Path, *, size_px: int, seconds: float, way: Way, threads: int, at_once: int = 1
) -> Work:
    """Run the stages over the photos of a folder, in processes of their own.

    Args:
        folder: Its `*.jpg` are the photos, taken in turn.
        size_px: Long side of the pictures.
        seconds: For how long, after a warm-up.
        way: How the stages follow each other.
        threads: Threads of torch in each process.
        at_once: How many such processes run side by side.

    Returns:
        The sum of all processes' work; `wall_s` is the longest.
    """
    command = [sys.executable, "-m", "benchmarks.bare_work", "--folder", str(folder)]
    command += ["--size", str(size_px), "--seconds", str(seconds)]
    command += ["--way", way, "--threads", str(threads)]
    environment = {**environment_with(), **WorkerSlot("bare", "cpu", "").variables()}
    children = [
        subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)
        for _ in range(at_once)
    ]
    outputs = [child.communicate()[0] for child in children]
    if any(child.returncode for child in children):
        raise RuntimeError("The bare work failed; its words are above.")
    return _sum([Work(**json.loads(output)) for output in outputs])


def _sum(works: Sequence[Work]) -> Work:
    total = Work(sum(work.photos for work in works), max(work.wall_s for work in works))
    for work in works:
        for sums, parts in (
            (total.cpu_s, work.cpu_s),
            (total.stage_wall_s, work.stage_wall_s),
        ):
            for stage, value in parts.items():
                sums[stage] = sums.get(stage, 0.0) + value
    return total


class Meter:
    """Adds up durations and this process's CPU seconds, of all its threads, by stage."""

    def __init__(self) -> None:
        self.cpu_s: dict[str, float] = {}
        self.wall_s: dict[str, float] = {}

    @contextlib.contextmanager
    def measure(self, stage: str) -> Iterator[None]:
        """Add what the block takes to a stage."""
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        yield
        self.cpu_s[stage] = self.cpu_s.get(stage, 0.0) + time.process_time() - cpu_s
        self.wall_s[stage] = self.wall_s.get(stage, 0.0) + time.perf_counter() - wall_s


def run_serially(stages: "BareStages", photos: Sequence[bytes], seconds: float) -> Work:
    """Carry one photo after the other through all stages."""
    meter, done, begun_s = Meter(), 0, time.perf_counter()
    for data in cycle(photos):
        with meter.measure("decode"):
            photo = stages.decode(data)
        with meter.measure("forward"):
            cartoon = stages.forward(photo)
        with meter.measure("encode"):
            stages.encode(photo, cartoon)
        done += 1
        if time.perf_counter() - begun_s > seconds:
            break
    return Work(done, time.perf_counter() - begun_s, meter.cpu_s, meter.wall_s)


def main() -> int:
    """Measure in this process and print what was done."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.bare_work", description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="photos to take in turn")
    parser.add_argument("--size", type=int, required=True, help="long side of pictures, pixels")
    parser.add_argument("--seconds", type=float, required=True, help="how long")
    parser.add_argument("--way", type=Way, choices=list(Way), required=True, help="in turn or not")
    parser.add_argument("--threads", type=int, default=cores(), help="threads of torch")
    given = parser.parse_args()
    keep_freed_memory()
    # Imported here: the allocator must be told before torch allocates anything.
    from benchmarks.bare_stages import BareStages, run_through_engine  # noqa: PLC0415 - see above

    photos = [path.read_bytes() for path in sorted(given.folder.glob("*.jpg"))]
    stages = BareStages(size_px=given.size, threads=given.threads)
    stages.warm(photos)
    run = run_serially if given.way is Way.SERIAL else run_through_engine
    print(json.dumps(asdict(run(stages, photos, given.seconds))))
    return 0


if __name__ == "__main__":
    sys.exit(main())
