"""Efficiency: the service's throughput at saturation beside decode, forward and encode alone.

The ideal is perfect overlap on the same cores: on every core a process of its own carries photo
after photo through decode, forward and encode with a single thread, so that no core ever waits for
anything. Nothing that does this work on these cores can do more of it; `cores / CPU seconds per
photo` says how much that is even while neighbours take some of the cores.
"""

import argparse
import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path

from benchmarks import processes, saturation
from benchmarks.bare_work import Way, measure
from benchmarks.photos import PICTURES, distinct_photos
from benchmarks.report import Report, Table
from benchmarks.saturation import Span
from benchmarks.service import running_service, say
from benchmarks.work import Work

HELP = """\
Saturates the service with distinct photos (no hits), twice: with the line filled while the worker
is frozen, and with clients that submit, wait and fetch all the time. Beside it, in processes of
their own before and after, the same stages without queue, HTTP or storage. All of it shares the
cores of this machine; who used them is measured, neighbours included.

  python -m benchmarks efficiency                         512 and 1024 pixels, 60 s each
  python -m benchmarks efficiency --size 512 --seconds 20"""
# How long the stages alone are measured each time, against the service's own span.
BARE_SHARE = 0.2


@dataclass(frozen=True)
class Bare:
    """The stages alone.

    Attributes:
        ideal: One process with one thread on every core, side by side.
        serial: One process with the worker's threads, one photo after the other.
        engine: The same, with the worker's task threads over its engine.
    """

    ideal: Work
    serial: Work
    engine: Work

    @property
    def ideal_photos_per_s(self) -> float:
        """Perfect overlap on these cores."""
        return processes.cores() / self.ideal.cpu_s_each


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--size", type=int, nargs="+", default=[512, 1024], help="long sides, px")
    parser.add_argument("--seconds", type=float, default=60, help="of saturation, each (60)")
    parser.add_argument("--workers", type=int, default=1, help="worker processes (1)")
    parser.add_argument("--most", type=int, default=1000, help="most photos of each (1000)")


def run(given: argparse.Namespace) -> Report:
    """Measure every size."""
    tables, figures = [], {}
    for size_px in given.size:
        with tempfile.TemporaryDirectory(prefix="celshade-bare-") as name:
            bares, spans = _measure(Path(name), size_px, given)
        ideal = max(bare.ideal_photos_per_s for bare in bares)
        tables += [
            _throughput(f"{size_px} px, {given.workers} worker(s)", ideal, bares, spans),
            _where(size_px, bares, spans),
        ]
        figures[f"{size_px}"] = {
            "ideal_photos_per_s": ideal,
            "bare": [asdict(bare) for bare in bares],
            "spans": {name: asdict(span) for name, span in spans.items()},
        }
    return Report("efficiency", tables, figures)


def _measure(
    folder: Path, size_px: int, given: argparse.Namespace
) -> tuple[list[Bare], dict[str, Span]]:
    for number, photo in enumerate(islice(distinct_photos(*saturation.PHOTO_PX), PICTURES)):
        (folder / f"{number:02}.jpg").write_bytes(photo)
    before = _measure_bare(folder, size_px, given.seconds * BARE_SHARE)
    count = min(given.most, math.ceil(given.seconds * before.ideal_photos_per_s))
    with running_service(workers=given.workers) as service:
        spans = {
            "line filled before": saturation.filled_before(service, size_px=size_px, count=count),
            "clients meanwhile": saturation.clients_meanwhile(
                service, size_px=size_px, count=count
            ),
        }
    return [before, _measure_bare(folder, size_px, given.seconds * BARE_SHARE)], spans


def _measure_bare(folder: Path, size_px: int, seconds: float) -> Bare:
    cores = processes.cores()
    say(f"{size_px} px: the stages alone, three times {seconds:.0f} s")

    def one(way: Way, threads: int, at_once: int) -> Work:
        return measure(
            folder, size_px=size_px, seconds=seconds, way=way, threads=threads, at_once=at_once
        )

    return Bare(
        ideal=one(Way.SERIAL, 1, cores),
        serial=one(Way.SERIAL, cores, 1),
        engine=one(Way.ENGINE, cores, 1),
    )


def _throughput(
    words: str, ideal: float, bares: Sequence[Bare], spans: Mapping[str, Span]
) -> Table:
    cores = processes.cores()

    def row(words: str, photos_per_s: float, span: Span | None = None) -> list[str]:
        cells = [words, f"{photos_per_s:.2f}", f"{photos_per_s / ideal:.0%}"]
        if span is None:
            return [*cells, "", ""]
        undisturbed = span.undisturbed_photos_per_s / ideal
        return [*cells, f"{span.others_share:.1%}", f"{undisturbed:.0%}"]

    same_threads = max(cores / bare.serial.cpu_s_each for bare in bares)
    return Table(
        f"Throughput at {words}",
        ["", "photos/s", "of the ideal", "cores taken by others", "of what they left"],
        [
            row("ideal: perfect overlap, one thread on each core (by CPU seconds)", ideal),
            row(
                "the same as it ran, by the clock",
                max(bare.ideal.photos_per_s for bare in bares),
            ),
            row("perfect overlap with the worker's threads (by CPU seconds)", same_threads),
            row(
                "the worker's engine and threads alone, no queue, HTTP or storage",
                max(bare.engine.photos_per_s for bare in bares),
            ),
            row("no overlap at all", max(bare.serial.photos_per_s for bare in bares)),
            *(row(f"service, {name}", span.photos_per_s, span) for name, span in spans.items()),
        ],
        "Stages alone: the better of two measurements, before and after the service's. "
        + "; ".join(
            f"{name}: {span.photos} photos in {span.wall_s:.0f} s" for name, span in spans.items()
        )
        + ".",
    )


def _where(size_px: int, bares: Sequence[Bare], spans: Mapping[str, Span]) -> Table:
    """CPU milliseconds per photo: what the stages need, and what each process used."""
    best = min(bares, key=lambda bare: bare.ideal.cpu_s_each).ideal
    stages = ", ".join(
        f"{stage} {value / best.photos * 1000:.0f}" for stage, value in best.cpu_s.items()
    )
    names = sorted({name for span in spans.values() for name in span.cpu_s})
    return Table(
        f"CPU milliseconds per photo at {size_px} px",
        ["", *spans],
        [
            [
                name,
                *(f"{span.cpu_s.get(name, 0) / span.photos * 1000:.1f}" for span in spans.values()),
            ]
            for name in names
        ],
        f"The ideal's stages: {stages}.",
    )
