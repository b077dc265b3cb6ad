"""The sandbox process, which reads untrusted bytes; it knows neither job store nor storage.

`python -m worker.sandbox.process` is started by the pool, never by hand. It answers one request
after the other with pixels or a refusal, or it dies. It imports no torch and reads no settings, so
that it starts in a fraction of a second and holds no secret.
"""

import argparse
import os
import sys
from typing import Final

from PIL import AvifImagePlugin, Image

from common.processes.parent_death import die_with_parent
from worker.images import heif, turbo
from worker.images.pixels import PixelReader
from worker.sandbox.confinement import allow_cpu, confine
from worker.sandbox.limits import DecoderLimits
from worker.sandbox.messages import Answer, Outcome, Request, Verb
from worker.sandbox.shared_memory import SharedMemory, behind

_REQUESTS_FD: Final = 0
_ANSWERS_FD: Final = 1
_NOWHERE_FD: Final = 2


def main(arguments: list[str] | None = None) -> int:
    """Answer requests until the worker closes the pipe; returns the exit code."""
    options = _parse(arguments)
    die_with_parent(options.parent)
    answers_fd = _keep_answers_apart()
    limits = DecoderLimits.from_argument(options.limits)
    codec = Codec(limits, SharedMemory(options.memory, limits.shared_bytes))
    _load_all_codecs()
    confine(limits.memory_bytes)
    os.write(answers_fd, Answer(Outcome.READY).pack())
    while message := os.read(_REQUESTS_FD, Request.SIZE):
        answer = codec.answer(Request.unpack(message))
        os.write(answers_fd, answer.pack())
        if answer.outcome is Outcome.OUT_OF_MEMORY:
            return 1  # a codec may have left something half done
    return 0


class Codec:
    """Answers requests, one at a time.

    Args:
        limits: What is allowed.
        memory: Where files and colours come in, and pixels go out.
    """

    def __init__(self, limits: DecoderLimits, memory: SharedMemory) -> None:
        self._cpu_s = limits.cpu_s
        self._memory = memory
        self._reader = PixelReader(limits.photo)
        self._channels = 0

    def answer(self, request: Request) -> Answer:
        """Do what is asked; whatever a codec raises becomes the answer."""
        try:
            if request.verb is Verb.READ:
                return self._read(request)
            return self._to_srgb(request)
        except MemoryError:
            return Answer(Outcome.OUT_OF_MEMORY)
        except Exception as error:  # codecs raise anything on malformed bytes
            return Answer(Outcome.REFUSED, f"{type(error).__name__}: {error}")

    def _read(self, request: Request) -> Answer:
        self._memory.is_marked = True
        allow_cpu(self._cpu_s)
        data, at = self._memory.view(request.size_bytes).data, behind(request.size_bytes)
        pixels = self._reader.read(data, request.long_side_px, self._memory.room(at))
        parts = [pixels.colours] if pixels.alpha is None else [pixels.colours, pixels.alpha]
        self._memory.write(*parts, at=at)
        height, width, self._channels = pixels.colours.shape
        return Answer(
            Outcome.DONE,
            width=width,
            height=height,
            channels=self._channels,
            has_alpha=pixels.alpha is not None,
            is_srgb=pixels.is_srgb,
            work_width=pixels.size[0],
            work_height=pixels.size[1],
            orientation=pixels.orientation,
        )

    def _to_srgb(self, request: Request) -> Answer:
        colours = self._memory.view(request.height, request.width, self._channels)
        self._memory.write(self._reader.to_srgb(colours))
        return Answer(Outcome.DONE, width=request.width, height=request.height, channels=3)


def _keep_answers_apart() -> int:
    """Keep stdout for answers alone; what a codec prints is dropped, as on stderr."""
    answers_fd = os.dup(_ANSWERS_FD)
    os.dup2(_NOWHERE_FD, _ANSWERS_FD)
    return answers_fd


def _load_all_codecs() -> None:
    """Load every codec now, outside the limits, and let each use one thread.

    Several photos are decoded at once by several processes; threads' stacks would count as memory.
    """
    Image.init()
    turbo.library()
    AvifImagePlugin.DEFAULT_MAX_THREADS = 1
    heif.register()


def _parse(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m worker.sandbox.process", description=__doc__)
    parser.add_argument("--parent", required=True, type=int, help="pid of the worker process")
    parser.add_argument("--memory", required=True, type=int, help="descriptor of shared memory")
    parser.add_argument("--limits", required=True, help="DecoderLimits as JSON")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
