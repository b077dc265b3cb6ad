"""`celshade watch`: the photos of a folder are rendered as they appear, until Ctrl-C.

A server that goes away is waited for; a photo is done with once it has its picture, or a failure
that trying again would not change.
"""

import argparse
import secrets
import signal
import threading
from pathlib import Path
from types import FrameType
from typing import NoReturn

from rich.console import Console

from celshade.client.client import Client
from celshade.client.errors import (
    BadAnswer,
    CannotSave,
    CelshadeError,
    JobFailed,
    PhotoUnreadable,
    UnusableSettings,
)
from celshade.command.exit_codes import DONE, SOME_FAILED
from celshade.command.folders import check_folder
from celshade.command.interrupts import STOP_TIMEOUT_S, Stopped, pause_unless
from celshade.command.messages import code_of, concerns_all
from celshade.command.outage import Patience
from celshade.command.photo_run import PhotoRun
from celshade.command.preflight import PICTURE_OPTIONS, greet, make_directory, submit_options
from celshade.command.screen import Screen
from celshade.command.screens import open_screen
from celshade.command.thread_pool import ThreadPool
from celshade.command.watch_state import Memory
from celshade.command.watched_folder import Arrival, WatchedFolder

LOOK_EVERY_S = 1.0


class Watch:
    """The watching of one folder.

    Args:
        journey: What each photo goes through.
        folder: Where photos come.
        memory: Which of them are done with.
        screen: Where it shows itself.
        stop: Set when it is to end.
    """

    def __init__(
        self,
        journey: PhotoRun,
        folder: WatchedFolder,
        memory: Memory,
        screen: Screen,
        stop: threading.Event,
    ) -> None:
        self._journey = journey
        self._folder = folder
        self._memory = memory
        self._screen = screen
        self._stop = stop
        self._patience = Patience(screen)
        self._under_way: set[Path] = set()
        self._keys: dict[Arrival, str] = {}
        self._fatal: CelshadeError | None = None
        self._is_gone = False
        self.failed = 0

    def go(self, parallel: int, *, once: bool) -> None:
        """Watch until stopped; with `once` until all that is there has had its end.

        Raises:
            CelshadeError: There is no use in going on: the key is refused, say, or the disk full.
            KeyboardInterrupt: Ctrl-C; open jobs have been canceled as far as the server answered.
        """
        with self._screen.running():
            crew = ThreadPool(self._photo, parallel)
            try:
                while self._fatal is None and (self._look(crew) or not once):
                    self._stop.wait(LOOK_EVERY_S)
            except KeyboardInterrupt:
                self._screen.note("Stopping; open jobs are being canceled.")
                raise
            finally:
                self._stop.set()
                crew.finish(STOP_TIMEOUT_S)
        if self._fatal is not None:
            raise self._fatal

    def _look(self, crew: ThreadPool[Arrival]) -> bool:
        """Take what has come; whether anything is still to be done."""
        try:
            still, unsettled = self._folder.look()
        except PhotoUnreadable as error:
            if not self._is_gone:
                self._screen.note(f"{error} Waiting for it.")
            self._is_gone = True
            return True
        self._is_gone = False
        new = [arrival for arrival in still if not self._memory.knows(arrival)]
        for arrival in new if self._patience.may_ask else ():
            if arrival.path not in self._under_way:
                self._under_way.add(arrival.path)
                crew.put(arrival)
        return bool(new or unsettled or self._under_way)

    def _photo(self, arrival: Arrival) -> None:
        try:
            if self._patience.may_ask and not self._stop.is_set():
                self._render(arrival)
        except (Stopped, PhotoUnreadable):  # changed or taken away: the folder tells what is there
            self._screen.dropped(arrival.path)
        except CelshadeError as error:
            self._screen.dropped(arrival.path)
            self._fatal = error
        finally:
            self._under_way.discard(arrival.path)

    def _render(self, arrival: Arrival) -> None:
        """Take one photo as far as it goes now.

        Raises:
            Stopped: The watching is being stopped.
            PhotoUnreadable: The photo is no longer as it was.
            CelshadeError: There is no use in going on.
        """
        # The same key finds the job again that a lost connection, or a restart, has hidden.
        key = self._keys.setdefault(arrival, secrets.token_hex(16))
        try:
            end = self._journey.take(
                arrival.path, lambda job: self._memory.place(arrival, job), key
            )
        except PhotoUnreadable:
            raise
        except CelshadeError as error:
            if error.passes:
                self._screen.dropped(arrival.path)
                self._patience.away(error)
                return
            self._give_up(arrival, error)
        else:
            self._memory.keep(arrival, end.place)
            self._screen.saved(arrival.path, end)
        self._keys.pop(arrival, None)
        self._patience.back()

    def _give_up(self, arrival: Arrival, error: CelshadeError) -> None:
        """Note that a photo has no picture, unless the fault is not its own."""
        if concerns_all(error) or isinstance(error, BadAnswer | CannotSave):
            raise error
        passes = isinstance(error, JobFailed) and error.retryable
        self._memory.keep(arrival, None, code_of(error), passes=passes)
        self.failed += 1
        self._screen.failed(arrival.path, error)


def watch(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """Do what `celshade watch` was asked; return its exit status.

    Ctrl-C and SIGTERM are its usual end: 0.

    Raises:
        UnusableSettings: The folder, the address, the key or the directory cannot be used.
        CannotSave: The directory cannot be written to.
        CelshadeError: The server as a whole is no use.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    check_folder(options.folder)
    if options.out.resolve() == options.folder.resolve():
        raise UnusableSettings("The pictures would be taken for photos: name another -o.")
    greet(options)
    make_directory(options.out)
    screen = open_screen(out, errors, 1, as_json=options.json)
    stop = threading.Event()
    client = Client(options.url, options.api_key, sleep=pause_unless(stop))
    asked = submit_options(options)
    journey = PhotoRun(client, asked, screen, stop)
    folder = WatchedFolder(options.folder, options.settle)
    pictures = {name: value for name, value in asked.items() if name in PICTURE_OPTIONS}
    memory = Memory(options.out, pictures)
    watching = Watch(journey, folder, memory, screen, stop)
    if not options.once:
        screen.note(f"Watching {options.folder}; Ctrl-C ends it.")
    try:
        watching.go(options.parallel, once=options.once)
    except KeyboardInterrupt:
        return DONE
    return SOME_FAILED if watching.failed else DONE


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
