"""The pool of codec processes: hands photos to them, and puts a new one where one has died.

The one decoder that serves. A photo that kills its process fails, and nothing else does.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from common.errors import ConfigurationError, DecodeFailed, InternalError
from worker.images.decode import DecodedPhoto
from worker.sandbox.child import ChildDied, CodecChild, Refused
from worker.sandbox.limits import CodecLimits

_log = logging.getLogger(__name__)

# Those that wait for work may be ended too: so often they are looked at, so that none stays a
# zombie. One that dies at work is noticed, and replaced, at once.
_LOOK_EVERY_S: Final = 1.0
# Killed from outside in mid-decode, by an operator or a machine out of memory: nothing says that it
# was the photo's fault. The second time something does.
_KILLS: Final = 2
# One start may fail by chance: the machine may end a process that has just begun. So many in a row
# do not, and whoever waits is told.
_STARTS: Final = 3
_PAUSE_S: Final = 1.0  # between starts from then on


class CodecPool:
    """Decodes photos in processes of their own; a `worker.images.decode.Decoder`.

    Args:
        limits: What each process is allowed.
        processes: How many photos are decoded at once; whoever comes then waits.
    """

    def __init__(self, limits: CodecLimits, processes: int) -> None:
        self._limits = limits
        self._wanted = processes
        self._alive = 0  # idle ones and those at work
        self._idle: list[CodecChild] = []
        self._failed_starts: list[Exception] = []  # since the last one that worked
        self._closing = False
        self._changed = threading.Condition()
        # On Linux a child is told of the death of the thread that started it, so it is always this.
        self._nursery = threading.Thread(target=self._nurse, name="codecs", daemon=True)

    def start(self) -> None:
        """Start the processes; returns when the first one is ready.

        Raises:
            ConfigurationError: It cannot be started.
        """
        self._nursery.start()
        with self._changed:
            self._changed.wait_for(lambda: self._alive or self._trouble())
            trouble = self._trouble()
        if trouble is not None:
            self.close()
            raise ConfigurationError(f"No process that decodes can be started: {trouble}")

    def close(self) -> None:
        """End the processes; what is being decoded ends first. Without it they end with us."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        self._nursery.join()

    def probe(self) -> None:
        """Return when there is a process to decode.

        Raises:
            InternalError: None can be started.
        """
        with self._borrowed():
            pass

    @property
    def idle_pids(self) -> list[int]:
        """Pids of the processes that wait for work."""
        with self._changed:
            return [child.pid for child in self._idle]

    def decode(self, data: bytes, long_side_px: int) -> DecodedPhoto:
        """Decode a photo to its work size; see `Decoder`.

        Raises:
            DecodeFailed: It cannot be decoded, or not within the limits, or it crashes its codec.
            InternalError: There is no process to decode it, for reasons that are not the photo's.
        """
        kills = 0
        for _ in range(self._wanted + _KILLS):  # all that are idle may just have been ended
            try:
                return self._decode(data, long_side_px)
            except ChildDied as death:
                kills += death.had_begun
                if death.picture_at_fault or kills == _KILLS:
                    raise DecodeFailed from death
        raise InternalError("The processes that decode are ended again and again.")

    def _decode(self, data: bytes, long_side_px: int) -> DecodedPhoto:
        try:
            with self._borrowed() as child:
                return child.decode(data, long_side_px)
        except Refused as refusal:
            raise DecodeFailed from refusal

    @contextmanager
    def _borrowed(self) -> Iterator[CodecChild]:
        """Take a process for one photo; it comes back unless the photo was its end."""
        child = self._take()
        is_well = False
        try:
            yield child
            is_well = True
        except Refused:
            is_well = True
            raise
        except ChildDied as death:
            _log.warning("a process that decodes has died: %s", death, extra={"pid": child.pid})
            raise
        finally:
            self._give_back(child, is_well=is_well)

    def _take(self) -> CodecChild:
        """Wait for a process that lives."""
        with self._changed:
            while not self._closing:
                self._bury_idle()
                if self._idle:
                    return self._idle.pop()  # the last one in: its memory is warm
                if not self._alive and (trouble := self._trouble()) is not None:
                    raise InternalError("No process that decodes can be started.") from trouble
                self._changed.wait()
        raise InternalError("This worker is stopping.")

    def _give_back(self, child: CodecChild, *, is_well: bool) -> None:
        with self._changed:
            if is_well and not self._closing:
                self._idle.append(child)
            else:
                child.end()
                self._alive -= 1
            self._changed.notify_all()

    def _bury_idle(self) -> None:
        """Forget those that were ended while they waited for work. Call it with the lock held."""
        for child in [child for child in self._idle if not child.is_alive]:
            self._idle.remove(child)
            child.end()
            self._alive -= 1
            _log.warning("a process that decodes was ended while idle", extra={"pid": child.pid})

    def _nurse(self) -> None:
        """Keep as many processes as are wanted, until the pool is closed."""
        while True:
            with self._changed:
                self._bury_idle()
                if self._closing:
                    break
                is_full = self._alive >= self._wanted
                if is_full:
                    self._changed.wait(_LOOK_EVERY_S)
            if not is_full:
                self._start_one()
        with self._changed:
            while self._alive:
                for child in self._idle:
                    child.end()
                self._alive -= len(self._idle)
                self._idle.clear()
                if self._alive:
                    self._changed.wait()

    def _start_one(self) -> None:
        try:
            child = CodecChild(self._limits)
        except (OSError, ChildDied) as error:
            _log.error("a process that decodes cannot be started: %s", error)
            with self._changed:
                self._failed_starts = [*self._failed_starts, error][-_STARTS:]
                self._changed.notify_all()
                if self._trouble() is not None:
                    self._changed.wait_for(lambda: self._closing, _PAUSE_S)
            return
        with self._changed:
            self._failed_starts = []
            self._alive += 1
            self._idle.append(child)
            self._changed.notify_all()

    def _trouble(self) -> Exception | None:
        """Say why no process can be started, if it is so."""
        return self._failed_starts[-1] if len(self._failed_starts) == _STARTS else None
