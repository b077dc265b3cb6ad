"""Looks: seconds of each built-in style by size, and a 12 MP photo's whole way through `ink`.

All styles take turns at the same photo in one process that is made as the supervisor makes a
worker. `python -m benchmarks.looks` is that process; it prints JSON.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from itertools import islice, pairwise
from typing import Any

from benchmarks.apart import answer, measured_apart
from benchmarks.photos import distinct_photos
from benchmarks.processes import cores
from benchmarks.report import Report, Table
from common.photos import PhotoLimits
from common.renders import PictureFormat
from common.settings import Settings

HELP = """\
Each built-in style draws the same photo at each size, in turn, in the precision that the worker
chooses; `ink` is held against the filter that it learnt from. Then a JPEG of 12 megapixels goes
through decoding, `ink` at 1024 pixels, blending and encoding as JPEG.

  python -m benchmarks looks
  python -m benchmarks looks --rounds 10"""
SIZES_PX = (512, 1024, 2048)
WAY_PX = 1024
STRENGTH = 0.7
QUALITY = 92
TEACHER, PUPIL = "ink-filter", "ink"
PROMISED_RATIO = 9.0
PROMISED_S = 0.30


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what this benchmark can be told."""
    parser.add_argument("--rounds", type=int, default=5, help="forwards of each (5)")


def run(given: argparse.Namespace) -> Report:
    """Measure in a process of its own and make the tables."""
    figures = measured_apart("benchmarks.looks", given.rounds)
    return Report("looks", [_by_size(figures), _whole_way(figures)], figures)


def _by_size(figures: Mapping[str, Any]) -> Table:
    forwards: Mapping[str, Mapping[str, Any]] = figures["forward"]
    teacher = forwards[TEACHER]["best_s"]
    rows = []
    for name, found in forwards.items():
        cells = [f"{found['best_s'][str(size)]:.3f}" for size in SIZES_PX]
        ratios = [f"{teacher[str(size)] / found['best_s'][str(size)]:.1f}" for size in SIZES_PX]
        rows.append([name, found["precision"], *cells, *ratios])
    return Table(
        "Forward of a photo of 4 : 3, seconds, and how many times as fast as the filter",
        ["style", "precision", *(f"{s} px" for s in SIZES_PX), *(f"x at {s}" for s in SIZES_PX)],
        rows,
        f"The least of {figures['rounds']}, all in one process, on {cores()} cores; `{PUPIL}` is "
        f"promised to be {PROMISED_RATIO:g} times as fast as `{TEACHER}`.",
    )


def _whole_way(figures: Mapping[str, Any]) -> Table:
    way: Mapping[str, float] = figures["way_s"]
    return Table(
        f"A JPEG of 4000 x 3000 through `{PUPIL}` at {WAY_PX} px, seconds",
        ["", *way],
        [["least", *(f"{span:.3f}" for span in way.values())]],
        f"The sum is promised to be at most {PROMISED_S:.2f} s on two cores with bfloat16.",
    )


def measure(rounds: int) -> dict[str, Any]:
    """Measure in this process."""
    import torch  # noqa: PLC0415 - the allocator must be told before torch allocates anything

    from worker.engine.calibration import calibrate  # noqa: PLC0415 - as torch
    from worker.engine.devices import CpuDevice  # noqa: PLC0415 - as torch
    from worker.engine.model import Model  # noqa: PLC0415 - as torch
    from worker.engine.model_catalog import find_models  # noqa: PLC0415 - as torch
    from worker.images.blend import pad_to_multiple  # noqa: PLC0415 - as torch
    from worker.images.decode import InProcessDecoder  # noqa: PLC0415 - as torch

    torch.set_num_threads(cores())
    settings = Settings()
    models = {
        model.style.card.name: model for model in find_models((), settings.styles_dir).values()
    }
    for model in models.values():
        calibrate(model, CpuDevice(cores()), max_batch=1)
    decoder = InProcessDecoder(PhotoLimits.of(settings))
    (photo,) = islice(distinct_photos(4000, 3000), 1)
    best: dict[str, dict[int, float]] = {name: {} for name in models}

    def forward_s(model: Model, pixels: torch.Tensor) -> float:
        padded = pad_to_multiple(pixels, model.multiple_px)
        begun_s = time.perf_counter()
        model.run([padded])
        return time.perf_counter() - begun_s

    for size in SIZES_PX:
        pixels = decoder.decode(photo, size).pixels
        for _ in range(rounds + 1):  # the first of a size also pays for its memory
            for name, model in models.items():
                spent_s = forward_s(model, pixels)
                best[name][size] = min(spent_s, best[name].get(size, spent_s))
    return {
        "rounds": rounds,
        "forward": {
            name: {"precision": model.precision, "best_s": best[name]}
            for name, model in models.items()
        },
        "way_s": _way(models[PUPIL], decoder, photo, rounds),
    }


def _way(model: Any, decoder: Any, data: bytes, rounds: int) -> dict[str, float]:
    """Carry a photo through all stages; the quickest whole way of all rounds."""
    from worker.images.blend import blend, crop, pad_to_multiple  # noqa: PLC0415 - as in `measure`
    from worker.images.encode import encode  # noqa: PLC0415 - as in `measure`

    ways = []
    for _ in range(rounds + 1):
        marks = [time.perf_counter()]
        photo = decoder.decode(data, WAY_PX)
        marks.append(time.perf_counter())
        (cartoon,) = model.run([pad_to_multiple(photo.pixels, model.multiple_px)])
        marks.append(time.perf_counter())
        picture = blend(photo.pixels, crop(cartoon, *photo.pixels.shape[1:]), STRENGTH)
        encode(picture, photo.alpha, picture_format=PictureFormat.JPEG, quality=QUALITY)
        marks.append(time.perf_counter())
        spans = [after - before for before, after in pairwise(marks)]
        ways.append((marks[-1] - marks[0], spans))
    whole_s, (decode_s, forward_s, encode_s) = min(ways)
    return {
        "decode": decode_s,
        "forward": forward_s,
        "blend and encode": encode_s,
        "whole way": whole_s,
    }


if __name__ == "__main__":
    sys.exit(answer("benchmarks.looks", add_arguments, measure))
