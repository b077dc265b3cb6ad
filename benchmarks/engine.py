"""The engine: its forwards beside other runtimes, its start, and one photo's way through it.

Each figure comes from a process of its own (`benchmarks.engine_contender`, `engine_start`), so that
one runtime's threads and allocator do not meet another's. They run in turn, round after round.
"""

import argparse
import json
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any, NamedTuple

from benchmarks.processes import cores
from benchmarks.report import Report, Table
from common.settings import environment_with
from worker.supervisor import WorkerSlot

HELP = """\
Renders the same photos by our engine, by PyTorch as tutorials write it, by TorchScript, by ONNX
Runtime and by OpenVINO, from uint8 photos to uint8 cartoons. Weights are random where a style does
not come with the code. Times are the best of all rounds: what a neighbour takes is not in them.

  make bench ARGS=engine
  python -m benchmarks engine --device cuda     the same on a GPU, with larger batches
  python -m benchmarks engine --rounds 1 --sides 512"""
OTHERS = ("eager", "torchscript", "onnxruntime", "openvino float32", "openvino")
CPU_BATCHES = (4,)
GPU_BATCHES = (4, 16)
# A runtime that needs longer than this for its few forwards is left out, seconds.
PATIENCE_S = 300
TEACHER = "ink-filter"
WHITEBOX = "whitebox"
STARTED_TOO = (TEACHER, "animegan2", WHITEBOX)  # once each, beside `ink`


class Row(NamedTuple):
    """What is rendered how."""

    style: str
    side: int
    batch: int
    runtime: str


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--device", default="cpu", choices=("cpu", "cuda"), help="where (cpu)")
    parser.add_argument("--sides", type=int, nargs="+", default=[512, 1024], help="pixels")
    parser.add_argument("--rounds", type=int, default=2, help="processes of each runtime (2)")
    parser.add_argument("--times", type=int, default=3, help="timed forwards of each process (3)")
    parser.add_argument("--starts", type=int, default=5, help="of an engine from nothing (5)")


def run(given: argparse.Namespace) -> Report:
    """Measure in processes and make the tables."""
    found: dict[Row, list[dict[str, Any]]] = defaultdict(list)
    peaks: dict[str, float] = defaultdict(float)
    for _ in range(given.rounds):
        for name, peak in _peaks(given).items():  # neighbours take from it as from the rest
            peaks[name] = max(peaks[name], peak)
        for row in _rows(given):
            figures = _contender(given, row)
            if figures is not None:
                found[row].append(figures)
    wanted = {"ink": given.starts, **dict.fromkeys(STARTED_TOO, 1)}
    starts = {
        style: ones
        for style, times in wanted.items()
        if (ones := [one for _ in range(times) if (one := _start(given, style))])
    }
    if "ink" not in starts:
        raise RuntimeError("The engine did not start; its words are above.")
    tables = [_runtimes(found, peaks), *_way(starts)]
    return Report("engine", tables, _figures(found, peaks, starts))


def _peaks(given: argparse.Namespace) -> dict[str, Any]:
    found = _contender(given, Row("", 0, 1, "peak"))
    if found is None:
        raise RuntimeError("The matrix product could not be measured; its words are above.")
    return found


def _rows(given: argparse.Namespace) -> list[Row]:
    """All that is compared; the plain runtimes at the least side only, where they end in time."""
    rows = []
    for side in given.sides:
        others = OTHERS if side == min(given.sides) or given.device == "cuda" else OTHERS[:1]
        rows += [Row("animegan2", side, 1, name) for name in ("engine", "engine float32", *others)]
        rows += [Row("ink", side, 1, name) for name in ("engine", "engine float32")]
        rows += [Row(WHITEBOX, side, 1, name) for name in ("engine", "engine float32", OTHERS[0])]
        rows.append(Row(TEACHER, side, 1, "engine"))
    batches = GPU_BATCHES if given.device == "cuda" else CPU_BATCHES
    side = min(given.sides)
    rows += [Row(style, side, n, "engine") for style in ("animegan2", "ink") for n in batches]
    return rows


def _contender(given: argparse.Namespace, row: Row) -> dict[str, Any] | None:
    arguments = [row.runtime, "--style", row.style, "--side", str(row.side)]
    arguments += ["--batch", str(row.batch), "--times", str(given.times)]
    arguments += ["--threads", str(cores()), "--device", given.device]
    return _child("benchmarks.engine_contender", arguments, given, ours="engine" in row.runtime)


def _start(given: argparse.Namespace, style: str) -> dict[str, Any] | None:
    arguments = ["--style", style, "--threads", str(cores()), "--device", given.device]
    arguments += ["--side", str(max(given.sides)), "--began", str(time.time())]
    return _child("benchmarks.engine_start", arguments, given, ours=True)


def _child(
    module: str, arguments: Sequence[str], given: argparse.Namespace, *, ours: bool
) -> dict[str, Any] | None:
    """Run a measuring process; None when it cannot or takes too long, which it says itself."""
    environment = environment_with()
    if ours:  # as the supervisor starts a worker
        shown = "0" if given.device == "cuda" else ""
        environment |= WorkerSlot("bare", given.device, shown).variables()
    sys.stderr.write(f"  {module.partition('_')[2]} {' '.join(arguments)}\n")
    command = [sys.executable, "-m", module, *arguments]
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdout=subprocess.PIPE,
            text=True,
            check=False,
            timeout=PATIENCE_S,
        )
    except subprocess.TimeoutExpired:
        sys.stderr.write("  took too long\n")
        return None
    found: dict[str, Any] = json.loads(done.stdout) if done.returncode == 0 else {}
    return found or None


def _best_s(figures: Sequence[Mapping[str, Any]]) -> float:
    return float(min(min(one["seconds"]) for one in figures))


def _runtimes(found: Mapping[Row, list[dict[str, Any]]], peaks: Mapping[str, float]) -> Table:
    def cells(row: Row, figures: list[dict[str, Any]]) -> list[str]:
        each_s = _best_s(figures) / row.batch
        eager = found.get(row._replace(runtime="eager", batch=1))
        times = f"{_best_s(eager) / each_s:.2f} x" if eager else ""
        name, _, asked = row.runtime.partition(" ")
        precision = figures[0].get(
            "precision", asked or ("its own" if name == "openvino" else "float32")
        )
        flop = figures[0].get("flop")
        share = f"{flop / each_s / peaks[precision]:.0%}" if flop else ""
        sizes = [row.style, str(row.side), str(row.batch)]
        return [
            f"{name}",
            *sizes,
            precision,
            f"{1 / each_s:.2f}",
            f"{each_s * 1000:.0f}",
            times,
            share,
        ]

    spoken = ", ".join(f"{name} {peak / 1e9:.0f} GFLOP/s" for name, peak in peaks.items())
    heads = [
        "runtime",
        "style",
        "px",
        "batch",
        "precision",
        "images/s",
        "ms",
        "of eager",
        "of the peak",
    ]
    return Table(
        "Forwards, uint8 in and out",
        heads,
        [cells(row, figures) for row, figures in sorted(found.items())],
        f"The peak is a product of two matrices of 2048 x 2048 as torch computes it: {spoken}. "
        "Over 100 % convolutions have better code on this machine than that product. "
        "OpenVINO without a word takes the precision that it likes.",
    )


def _way(starts: Mapping[str, Sequence[Mapping[str, Any]]]) -> list[Table]:
    """From nothing to a picture, and a photo's stages; medians of each style's starts."""
    marks = ("imported_s", "loaded_s", "ready_s", "first_picture_s")
    start = Table(
        "From the start of the process, seconds",
        ["", "torch imported", "model loaded and tried", "lanes warm", "first picture"],
        [
            [style, *(f"{median(one[mark] for one in ones):.2f}" for mark in marks)]
            for style, ones in starts.items()
        ],
    )
    stages = ("decode", "forward", "encode", "all")
    titles = {
        "first": "first after ready",
        "steady": "one after another, median",
        "best": "one after another, best",
        "rested": "after a second's pause each, median",
    }
    rows = [
        [
            f"{style}, {title}",
            *(f"{median(one[name][stage] for one in ones) * 1000:.0f}" for stage in stages),
        ]
        for style, ones in starts.items()
        for name, title in titles.items()
    ]

    def first_against(others: str) -> str:
        ratios = sorted(one["first"]["all"] / one[others]["all"] for one in starts["ink"])
        return ", ".join(f"{ratio:.2f}" for ratio in ratios)

    way = Table(
        "A photo of 12 MP, ms",
        ["", *stages],
        rows,
        f"Medians of {len(starts['ink'])} starts of `ink`, one of the others. The first photo of "
        f"`ink` took {first_against('steady')} x as long as those that came one after another in "
        f"its own start, promised are 1.1 in the middle; and {first_against('rested')} x as long "
        "as those after a pause: it comes after one as well.",
    )
    return [start, way]


def _figures(
    found: Mapping[Row, list[dict[str, Any]]],
    peaks: Mapping[str, float],
    starts: Mapping[str, Sequence[Mapping[str, Any]]],
) -> dict[str, Any]:
    rows = [{**row._asdict(), "processes": figures} for row, figures in found.items()]
    return {"peaks": dict(peaks), "rows": rows, "starts": dict(starts)}
