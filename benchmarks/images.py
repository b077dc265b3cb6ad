"""Image I/O: what a photo costs before and after its model, stage by stage, beside the bare codecs.

One thread, as a task of the worker has. Each measurement is made in a process like a worker's;
`python -m benchmarks.images` is that process and prints JSON.
"""

import argparse
import sys
from collections.abc import Mapping
from typing import Any

from benchmarks.apart import answer, measured_apart
from benchmarks.report import Report, Table

HELP = """\
Carries photos of several formats and sizes through decoding, the resize, the blend and the encoder,
without a model, with and without the extra simplejpeg. The floor is the bare codec: the library
alone, called for the same scale, and the encoder given a picture that is ready.

  python -m benchmarks images
  python -m benchmarks images --rounds 20"""
PROMISE_MS = 70.0
STAGES = ("read", "to work size", "blend", "encode")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--rounds", type=int, default=8, help="in each of five series (8)")


def run(given: argparse.Namespace) -> Report:
    """Measure in a process of its own and make the tables."""
    figures = measured_apart("benchmarks.images", given.rounds)
    return Report("images", [_ways(figures), _decoders(figures), _encoders(figures)], figures)


def _ways(figures: Mapping[str, Any]) -> Table:
    """JPEG in, JPEG out."""

    def row(name: str) -> list[str]:
        found = figures["ways"][name]
        spans = {stage: found[stage]["cpu_ms"] for stage in found}
        ours = sum(spans[stage] for stage in STAGES)
        floor = spans["bare decode"] + spans["bare encode"]
        served = ("codec process", "blend", "encode")
        served_ms = sum(spans[stage] for stage in served)
        clock_ms = sum(found[stage]["clock_ms"] for stage in served)
        figures_ms = [*(spans[stage] for stage in STAGES), ours, floor]
        return [
            name,
            *(f"{ms:.1f}" for ms in figures_ms),
            f"{ours / floor:.2f}",
            f"{served_ms:.1f}",
            f"{clock_ms:.1f}",
        ]

    heads = ["together", "codec alone", "ratio", "as it serves", "as it serves, clock"]
    return Table(
        "JPEG to JPEG without a model, one thread, CPU ms a photo",
        ["", *STAGES, *heads],
        [row(name) for name in figures["ways"]],
        f"The least of five means. Promised for 12 MP to 1024 px: {PROMISE_MS:g} ms. "
        "`codec alone` is the fastest that is installed, and the encoder's own work. As it serves "
        "the codec process reads, which has simplejpeg where it is installed.",
    )


def _row(name: str, found: Mapping[str, Any]) -> list[str]:
    bare, ours = found["bare"]["cpu_ms"], found["ours"]["cpu_ms"]
    return [name, f"{found['kb']:,.0f}", f"{bare:.1f}", f"{ours:.1f}", f"{ours / bare:.2f}"]


def _decoders(figures: Mapping[str, Any]) -> Table:
    return Table(
        "A photo of 2000 x 1500 pixels to 1024 px, by format, CPU ms",
        ["", "kB", "codec alone", "codec process", "ratio"],
        [_row(name, found) for name, found in figures["decode"].items()],
        "`codec alone` is Pillow in place, to an image of its own; ours adds the process, the "
        "resize, the profile and turning upright.",
    )


def _encoders(figures: Mapping[str, Any]) -> Table:
    return Table(
        "A picture of 1024 x 768 pixels into a file, CPU ms",
        ["", "kB", "codec alone", "ours", "ratio"],
        [_row(name, found) for name, found in figures["encode"].items()],
        "Those in parentheses are other choices of the codec, for comparison. Quality 92.",
    )


def _measure(rounds: int) -> Mapping[str, Any]:
    # Imported here: the allocator must be told before torch allocates anything.
    from benchmarks.image_stages import measure  # noqa: PLC0415 - see above

    return measure(rounds)


if __name__ == "__main__":
    sys.exit(answer("benchmarks.images", add_arguments, _measure))
