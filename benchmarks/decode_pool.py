"""Decoding where it can be killed: what the codec processes add to the same codecs in place.

Both decoders take the same photos in turn, in one process that is made as the supervisor makes a
worker. `python -m benchmarks.decode_pool` is that process; it prints JSON.
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

from benchmarks.apart import answer, measured_apart
from benchmarks.photos import distinct_photos
from benchmarks.processes import cpu_s
from benchmarks.report import Report, Table
from common.photos import PhotoLimits
from common.settings import Settings

HELP = """\
Decodes each photo by the calling thread (the floor) and by a codec process, one after the other,
and takes the difference of each pair. The upload's way into shared memory, the wake-ups and the
pixels' way out are all in it. Both are warm.

  python -m benchmarks decode-pool
  python -m benchmarks decode-pool --rounds 400"""
SIZE_PX = 1024
KINDS = {"JPEG of 1024 x 768": (1024, 768), "JPEG of 4000 x 3000": (4000, 3000)}
PHOTOS = 4
WARM_TIMES = 2
PROMISE_MS = 2.0

Decode = Callable[[bytes, int], object]


class Span(NamedTuple):
    """What one decoding took of this process, ms."""

    wall_ms: float
    cpu_ms: float


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--rounds", type=int, default=200, help="pairs of each photo size (200)")


def run(given: argparse.Namespace) -> Report:
    """Measure in a process of its own and make the tables."""
    figures = measured_apart("benchmarks.decode_pool", given.rounds)
    return Report("decode-pool", [_table(figures)], figures)


def _table(figures: Mapping[str, Any]) -> Table:
    def row(kind: str) -> list[str]:
        floor, pool = figures[kind]["floor_ms"], figures[kind]["pool_ms"]
        extra = [b - a for a, b in zip(floor, pool, strict=True)]
        cpu_ms = [figures[kind]["floor_cpu_ms"], figures[kind]["pool_cpu_ms"]]
        spans = [statistics.median(floor), statistics.median(pool), statistics.median(extra)]
        spans += [min(floor), min(pool), min(pool) - min(floor), *cpu_ms, cpu_ms[1] - cpu_ms[0]]
        return [kind, *(f"{span:.1f}" for span in spans)]

    ways = ["in place", "process", "extra"]
    return Table(
        f"Decoding to {SIZE_PX} px, ms a photo",
        ["", *ways, *(f"{way}, least" for way in ways), *(f"{way}, CPU" for way in ways)],
        [row(kind) for kind in KINDS],
        f"Medians; their extra is that of each pair, promised to be under {PROMISE_MS:g} ms. The "
        "least of all and the CPU time of both processes, the mean, hold also where others use the "
        f"machine. A codec process was ready {figures['start_ms']:.0f} ms after its start.",
    )


def measure(rounds: int) -> dict[str, Any]:
    """Measure in this process."""
    import torch  # noqa: PLC0415 - the allocator must be told before torch allocates anything

    from worker.images.decode import InProcessDecoder  # noqa: PLC0415 - as torch
    from worker.sandbox.limits import DecoderLimits  # noqa: PLC0415 - as torch
    from worker.sandbox.pool import DecoderPool  # noqa: PLC0415 - as torch

    torch.set_num_threads(1)  # as a task of the worker has
    settings = Settings()
    floor = InProcessDecoder(PhotoLimits.of(settings))
    pool = DecoderPool(DecoderLimits.of(settings), processes=1)
    begun_s = time.perf_counter()
    pool.start()
    figures: dict[str, Any] = {"start_ms": (time.perf_counter() - begun_s) * 1000}
    (child,) = pool.idle_pids
    for kind, sides in KINDS.items():
        photos = list(islice(distinct_photos(*sides), PHOTOS))
        for data in photos * WARM_TIMES:
            floor.decode(data, SIZE_PX)
            pool.decode(data, SIZE_PX)
        child_cpu_s = cpu_s([child])
        in_place, process = _take_turns(floor.decode, pool.decode, photos, rounds)
        child_cpu_ms = (cpu_s([child]) - child_cpu_s) * 1000
        figures[kind] = {
            "floor_ms": [span.wall_ms for span in in_place],
            "pool_ms": [span.wall_ms for span in process],
            "floor_cpu_ms": sum(span.cpu_ms for span in in_place) / rounds,
            "pool_cpu_ms": (sum(span.cpu_ms for span in process) + child_cpu_ms) / rounds,
        }
    pool.close()
    return figures


def _take_turns(
    floor: Decode, pool: Decode, photos: Sequence[bytes], rounds: int
) -> tuple[list[Span], list[Span]]:
    """Decode each photo both ways; who comes second finds it in the processor's cache."""
    in_place, process = [], []
    for number in range(rounds):
        data = photos[number % len(photos)]
        if number % 2:
            in_place.append(_measure(floor, data))
        process.append(_measure(pool, data))
        if not number % 2:
            in_place.append(_measure(floor, data))
    return in_place, process


def _measure(decode: Decode, data: bytes) -> Span:
    cpu_before_s, begun_s = time.process_time(), time.perf_counter()
    decode(data, SIZE_PX)
    wall_s, cpu_spent_s = time.perf_counter() - begun_s, time.process_time() - cpu_before_s
    return Span(wall_s * 1000, cpu_spent_s * 1000)


if __name__ == "__main__":
    sys.exit(answer("benchmarks.decode_pool", add_arguments, measure))
