"""One sandbox process as the worker sees it: started, asked, ended. Its answers are not trusted."""

import os
import select
import signal
import subprocess
import sys
from typing import IO, Final

import numpy as np

from common.settings import bare_environment
from worker.images.decode import DecodedPhoto, at_work_size
from worker.images.pixels import Bytes, Pixels
from worker.sandbox.limits import DecoderLimits
from worker.sandbox.messages import Answer, Outcome, Request, Verb
from worker.sandbox.shared_memory import SharedMemory, behind

_LOOK_EVERY_MS: Final = 1000
_READY_LOOKS: Final = 60  # it takes a fraction of a second, on a machine that is not busy
# How much longer than its processor time a decoding may take: its share of a busy machine.
_WALL_PER_CPU: Final = 4
# Signals that no codec sends itself: an operator, or a machine that is out of memory.
_FROM_OUTSIDE: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
# One thread each: several processes decode at once. Freed memory is kept for the next photo up to
# the size of ordinary ones, which saves the kernel's zeroing; glibc takes no larger threshold.
_TUNING: Final = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_MMAP_THRESHOLD_": str(32 * 2**20),
    "MALLOC_TRIM_THRESHOLD_": str(64 * 2**20),
}


class Refused(Exception):
    """Raised when the process says why it cannot decode a photo; it keeps running."""


class ChildDied(Exception):
    """Raised when the process has ended or had to be ended.

    Attributes:
        picture_at_fault: Whether what it was decoding is to blame, as far as can be told.
        had_begun: Whether it was decoding at all.
    """

    def __init__(
        self, message: str, *, picture_at_fault: bool = True, had_begun: bool = True
    ) -> None:
        super().__init__(message)
        self.picture_at_fault = picture_at_fault
        self.had_begun = had_begun


class DecoderChild:
    """A sandbox process that decodes photos, ready once this is made. For one thread at a time.

    It ends when the thread that started it ends, or this process, however that dies.

    Args:
        limits: What it is allowed.

    Raises:
        OSError: It cannot be started.
        ChildDied: It ended before it was ready.
    """

    def __init__(self, limits: DecoderLimits) -> None:
        self._limits = limits
        self._memory = SharedMemory.create(limits.shared_bytes)
        try:
            self._process = _start(limits, self._memory.fd)
        except OSError:
            self._memory.close()
            raise
        self._poller = select.poll()
        self._poller.register(self._answers_fd, select.POLLIN)
        try:
            self._hear(_READY_LOOKS)
        except ChildDied:
            self.end()
            raise

    @property
    def pid(self) -> int:
        """The process's pid."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether it runs; one that has ended is reaped."""
        return self._process.poll() is None

    def decode(self, data: bytes, long_side_px: int) -> DecodedPhoto:
        """Decode a photo to its work size; see `worker.images.decode.Decoder`.

        Raises:
            Refused: It cannot be decoded.
            ChildDied: The process died of it, or was dead before.
        """
        if not 0 < len(data) <= self._limits.upload_bytes:
            raise Refused(f"the file has {len(data)} bytes")
        self._memory.is_marked = False
        self._memory.write(np.frombuffer(data, np.uint8))
        answer = self._ask(Request(Verb.READ, size_bytes=len(data), long_side_px=long_side_px))
        try:
            at = behind(len(data))
            pixels = self._pixels(answer, at, long_side_px)
        except ValueError as error:
            raise ChildDied(f"it answered nonsense: {error}") from error
        photo = at_work_size(pixels, self._to_srgb)
        self._memory.shrink_after(at + pixels.colours.size)
        return photo

    def end(self) -> None:
        """End the process, if it has not ended, and free what belongs to it."""
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        self._memory.close()

    def _to_srgb(self, colours: Bytes) -> Bytes:
        """Let the process apply the profile of the photo it read last."""
        height, width = colours.shape[:2]
        self._memory.write(colours)
        self._ask(Request(Verb.TO_SRGB, width=width, height=height))
        return self._memory.view(height, width, 3).copy()

    def _pixels(self, answer: Answer, at: int, long_side_px: int) -> Pixels:
        """See what lies behind the file; ValueError where the answer cannot be true."""
        shape = (answer.height, answer.width, answer.channels)
        size = (answer.work_width, answer.work_height)
        if not 1 <= min(size) <= max(size) <= long_side_px:
            raise ValueError(f"a work size of {size}")
        colours = self._memory.view(*shape, at=at)
        alpha_at = at + colours.size
        alpha = self._memory.view(*shape[:2], at=alpha_at) if answer.has_alpha else None
        is_srgb = answer.is_srgb and answer.channels == 3  # noqa: PLR2004 - RGB
        return Pixels(colours, alpha, size, answer.orientation, is_srgb)

    def _ask(self, request: Request) -> Answer:
        try:
            os.write(self._requests_fd, request.pack())
        except BrokenPipeError as error:
            raise self._death() from error
        answer = self._hear(_WALL_PER_CPU * self._limits.cpu_s)
        if answer.outcome is Outcome.REFUSED:
            raise Refused(answer.text)
        if answer.outcome is Outcome.OUT_OF_MEMORY:
            raise ChildDied(f"it needs more than {self._limits.memory_bytes / 1e6:.0f} MB")
        return answer

    def _hear(self, looks: int) -> Answer:
        """Wait for an answer.

        Looks are counted and not seconds: a machine that was frozen has not decoded meanwhile.
        """
        if not any(self._poller.poll(_LOOK_EVERY_MS) for _ in range(looks)):
            raise ChildDied(f"it gave no answer for {looks} s")
        message = os.read(self._answers_fd, Answer.SIZE)
        if not message:
            raise self._death()
        try:
            return Answer.unpack(message)
        except ValueError as error:
            raise ChildDied(f"it answered nonsense: {error}") from error

    def _death(self) -> ChildDied:
        """Say what the process died of."""
        self._process.kill()  # changes nothing for one that is dying
        code = self._process.wait()
        number = signal.Signals(-code) if code < 0 else None
        how = f"it was ended by {number.name}" if number else f"it ended with exit code {code}"
        if not self._memory.is_marked:
            return ChildDied(f"{how} before it began", picture_at_fault=False, had_begun=False)
        if number == signal.SIGXCPU:
            how = f"it took more than {self._limits.cpu_s} s of processor time"
        return ChildDied(how, picture_at_fault=number not in _FROM_OUTSIDE)

    @property
    def _requests_fd(self) -> int:
        return _fd_of(self._process.stdin)

    @property
    def _answers_fd(self) -> int:
        return _fd_of(self._process.stdout)


def _start(limits: DecoderLimits, memory_fd: int) -> subprocess.Popen[bytes]:
    """Start a fresh interpreter: this process has threads and may hold a GPU, so no fork of it.

    It gets our module path, the shared memory and two pipes: no setting, no other descriptor.
    """
    command = [sys.executable, "-P", "-B", "-m", "worker.sandbox.process"]
    command += ["--parent", str(os.getpid()), "--memory", str(memory_fd)]
    command += ["--limits", limits.as_argument()]
    module_path = os.pathsep.join(os.path.abspath(entry) for entry in sys.path)
    return subprocess.Popen(
        command,
        env={**bare_environment(), **_TUNING, "PYTHONPATH": module_path},
        cwd="/",
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        bufsize=0,
        pass_fds=(memory_fd,),
        process_group=0,  # Ctrl-C reaches the supervisor alone
    )


def _fd_of(pipe: IO[bytes] | None) -> int:
    if pipe is None:
        raise ValueError("started without pipes")
    return pipe.fileno()
