"""The worker's decoder, engine and encoder, joined without anything around them.

Imports torch: only for a process in which the allocator was told before.
"""

import os
import threading
import time
from collections.abc import Sequence
from itertools import cycle

import torch

from benchmarks.work import QUALITY, STRENGTH, Work
from common.photos import PhotoLimits
from common.renders import PictureFormat
from common.settings import load_settings
from worker.engine.calibration import calibrate
from worker.engine.devices import CpuDevice
from worker.engine.engine import Engine
from worker.engine.model_catalog import DEFAULT_STYLE, find_models
from worker.images.blend import blend, crop, pad_to_multiple
from worker.images.decode import DecodedPhoto, InProcessDecoder
from worker.images.encode import encode


class BareStages:
    """A loaded model with the codecs around it, as `worker.rendering` uses them.

    Args:
        size_px: Long side of the pictures.
        threads: Threads of torch.
    """

    def __init__(self, *, size_px: int, threads: int) -> None:
        torch.set_num_threads(threads)
        device = CpuDevice(threads)
        models = find_models((), load_settings().styles_dir)
        self._model = next(m for m in models.values() if m.style.card.name == DEFAULT_STYLE)
        calibrate(self._model, device)
        self._engine = Engine(
            models, lanes=device.lanes, threads=threads, on_loss=lambda _: os._exit(1)
        )
        self._decoder = InProcessDecoder(PhotoLimits.of(load_settings()))
        self._size_px = size_px
        self.task_threads = 2 * self._model.concurrency(device.lanes)

    def warm(self, photos: Sequence[bytes]) -> None:
        """Start the engine and carry a few photos through."""
        self._engine.start()
        for data in photos[:3]:
            photo = self.decode(data)
            self.encode(photo, self.forward_in_engine(photo))

    def decode(self, data: bytes) -> DecodedPhoto:
        """Bytes to pixels."""
        return self._decoder.decode(data, self._size_px)

    def forward(self, photo: DecodedPhoto) -> torch.Tensor:
        """The model in the calling thread, for one photo alone."""
        return self._model.run([self._padded(photo)])[0]

    def forward_in_engine(self, photo: DecodedPhoto) -> torch.Tensor:
        """The model in the engine's thread."""
        return self._engine.render(self._model.line, "", self._padded(photo)).cartoon

    def encode(self, photo: DecodedPhoto, cartoon: torch.Tensor) -> bytes:
        """Blend and encode."""
        picture = blend(photo.pixels, crop(cartoon, *photo.pixels.shape[1:]), STRENGTH)
        return encode(picture, photo.alpha, picture_format=PictureFormat.JPEG, quality=QUALITY)

    def _padded(self, photo: DecodedPhoto) -> torch.Tensor:
        return pad_to_multiple(photo.pixels, self._model.multiple_px)


def run_through_engine(stages: BareStages, photos: Sequence[bytes], seconds: float) -> Work:
    """Carry photos through with the worker's own threads: codecs beside the engine."""
    source, lock = cycle(photos), threading.Lock()
    done: list[float] = []
    cpu_s, begun_s = time.process_time(), time.perf_counter()

    def carry() -> None:
        while time.perf_counter() - begun_s < seconds:
            with lock:
                data = next(source)
            photo = stages.decode(data)
            stages.encode(photo, stages.forward_in_engine(photo))
            done.append(time.perf_counter())

    threads = [threading.Thread(target=carry) for _ in range(stages.task_threads)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Work(len(done), max(done) - begun_s, {"all": time.process_time() - cpu_s})
