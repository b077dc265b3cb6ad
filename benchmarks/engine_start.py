"""A worker's engine from nothing to its first picture, and a photo's whole way through it.

`python -m benchmarks.engine_start` is that process; it prints JSON. Its parent says when it began.
"""

import argparse
import itertools
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

from benchmarks.photos import distinct_photos
from common.allocator import keep_freed_memory
from common.photos import PhotoLimits
from common.renders import PictureFormat
from common.settings import load_settings

PHOTO = (4000, 3000)
STRENGTH = 0.7
QUALITY = 90
PAUSE_S = 1.0  # some time that the threads of the engine have slept before the first photo too


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--style", default="ink")
    parser.add_argument("--side", type=int, default=1024)
    parser.add_argument("--times", type=int, default=8)
    parser.add_argument("--threads", type=int, required=True)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--began", type=float, required=True, help="time.time() of the parent")
    given = parser.parse_args()
    keep_freed_memory()
    json.dump(_measure(given), sys.stdout)


def _measure(given: argparse.Namespace) -> dict[str, Any]:
    """Start as `worker.serving` does, then carry the same photo through again and again."""
    import torch  # noqa: PLC0415 - the allocator must be told before torch allocates anything

    from benchmarks.engine_styles import style_called  # noqa: PLC0415 - imports torch
    from worker.engine.calibration import calibrate  # noqa: PLC0415 - imports torch
    from worker.engine.engine import Engine  # noqa: PLC0415 - imports torch
    from worker.engine.model import Model  # noqa: PLC0415 - imports torch
    from worker.images.decode import InProcessDecoder  # noqa: PLC0415 - imports torch
    from worker.images.encode import encode  # noqa: PLC0415 - imports torch
    from worker.serving import open_device  # noqa: PLC0415 - imports torch
    from worker.warm_up import warm_up  # noqa: PLC0415 - imports torch

    torch.set_num_threads(given.threads)
    figures = {"imported_s": time.time() - given.began}
    device = open_device(torch.device(given.device), given.threads)
    model = Model(style_called(given.style))
    calibrate(model, device)
    figures["loaded_s"] = time.time() - given.began
    engine = Engine(
        {model.line: model},
        lanes=device.lanes,
        threads=given.threads,
        on_loss=lambda _: os._exit(1),
    )
    engine.start(warm=True)
    decoder = InProcessDecoder(PhotoLimits.of(load_settings()))
    warm_up(decoder, encode, 1)
    figures["ready_s"] = time.time() - given.began
    torch.set_num_threads(1)  # as a worker's task threads
    data = next(iter(distinct_photos(*PHOTO)))

    def carry(*, pause_s: float = 0.0) -> dict[str, float]:
        time.sleep(pause_s)
        return _carry(model, engine, lambda: decoder.decode(data, given.side))

    first = carry()
    figures["first_picture_s"] = figures["ready_s"] + first["all"]  # the photo is made between
    rest = [carry() for _ in range(given.times)]
    rested = [carry(pause_s=PAUSE_S) for _ in range(given.times)]
    return figures | {
        "precision": model.precision.value,
        "first": first,
        "steady": {name: statistics.median(one[name] for one in rest) for name in first},
        "rested": {name: statistics.median(one[name] for one in rested) for name in first},
        "best": {name: min(one[name] for one in rest) for name in first},
    }


def _carry(model: Any, engine: Any, decode: Callable[[], Any]) -> dict[str, float]:
    """Seconds of each stage of one photo, alone in the engine."""
    from worker.images.blend import blend, crop, pad_to_multiple  # noqa: PLC0415 - imports torch
    from worker.images.encode import encode  # noqa: PLC0415 - imports torch

    marks = [time.perf_counter()]
    photo = decode()
    marks.append(time.perf_counter())
    padded = pad_to_multiple(photo.pixels, model.multiple_px)
    cartoon = engine.render(model.line, "", padded).cartoon
    marks.append(time.perf_counter())
    picture = blend(photo.pixels, crop(cartoon, *photo.pixels.shape[1:]), STRENGTH)
    encode(picture, photo.alpha, picture_format=PictureFormat.JPEG, quality=QUALITY)
    marks.append(time.perf_counter())
    spans = [later - earlier for earlier, later in itertools.pairwise(marks)]
    return {"decode": spans[0], "forward": spans[1], "encode": spans[2], "all": sum(spans)}


if __name__ == "__main__":
    main()
