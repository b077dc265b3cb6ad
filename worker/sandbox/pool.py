"""The pool of sandbox processes: gives photos to them and replaces those that die.

The worker decodes with it. A photo that kills its process fails, and nothing else does.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from common.errors import ConfigurationError, DecodeFailed, InternalError
from worker.images.decode import DecodedPhoto
from worker.sandbox.child import ChildDied, DecoderChild, Refused
from worker.sandbox.limits import DecoderLimits

_log = logging.getLogger(__name__)

# Idle processes may be ended too. The pool looks at them this often, so that none stays a zombie.
# The death of one at work is noticed at once.
_LOOK_EVERY_S: Final = 1.0
# A process killed from outside in mid-decode (by an operator, or out of memory) does not show that
# the photo is at fault. A second kill does.
_KILLS: Final = 2
# One start may fail by chance: the machine may end a process that has just begun. After so many
# failures in a row the callers that wait get an error.
_STARTS: Final = 3
_PAUSE_S: Final = 1.0  # between starts from then on


class DecoderPool:
    """Decodes photos in processes of their own; a `worker.images.decode.Decoder`.

    Args:
        limits: What each process is allowed.
        processes: How many photos are decoded at once; further callers wait.
    """

    def __init__(self, limits: DecoderLimits, processes: int) -> None:
        self._limits = limits
        self._wanted = processes
        self._alive = 0  # idle ones and those at work
        self._idle: list[DecoderChild] = []
        self._failed_starts: list[Exception] = []  # since the last one that worked
        self._closing = False
        self._changed = threading.Condition()
        # On Linux a child gets its death signal when the thread that started it ends: this thread
        # starts them all.
        self._starter = threading.Thread(target=self._keep_full, name="sandbox", daemon=True)

    def start(self) -> None:
        """Start the processes; returns when the first one is ready.

        Raises:
            ConfigurationError: It cannot be started.
        """
        self._starter.start()
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
        self._starter.join()

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
            DecodeFailed: It cannot be decoded, or not within the limits, or it crashes its process.
            InternalError: There is no process to decode it, for reasons other than the photo.
        """
        kills = 0
        for _ in range(self._wanted + _KILLS):  # all idle ones may just have been ended
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
    def _borrowed(self) -> Iterator[DecoderChild]:
        """Take a process for one photo; it comes back unless it died."""
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

    def _take(self) -> DecoderChild:
        """Wait for a live process."""
        with self._changed:
            while not self._closing:
                self._drop_dead_idle()
                if self._idle:
                    return self._idle.pop()  # the last one in: its memory is warm
                if not self._alive and (trouble := self._trouble()) is not None:
                    raise InternalError("No process that decodes can be started.") from trouble
                self._changed.wait()
        raise InternalError("This worker is stopping.")

    def _give_back(self, child: DecoderChild, *, is_well: bool) -> None:
        with self._changed:
            if is_well and not self._closing:
                self._idle.append(child)
            else:
                child.end()
                self._alive -= 1
            self._changed.notify_all()

    def _drop_dead_idle(self) -> None:
        """Drop processes that were ended while idle. Call it with the lock held."""
        for child in [child for child in self._idle if not child.is_alive]:
            self._idle.remove(child)
            child.end()
            self._alive -= 1
            _log.warning("a process that decodes was ended while idle", extra={"pid": child.pid})

    def _keep_full(self) -> None:
        """Keep as many processes as are wanted, until the pool is closed."""
        while True:
            with self._changed:
                self._drop_dead_idle()
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
            child = DecoderChild(self._limits)
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
