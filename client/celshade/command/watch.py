"""`celshade watch`: the photos of a folder are rendered as they appear, until Ctrl-C.

A server that goes away is waited for; a photo is processed once it has its picture, or a failure
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
from celshade.command.interrupts import STOP_TIMEOUT_S, Stopped, interruptible_sleep
from celshade.command.messages import code_of, is_server_wide
from celshade.command.outage import ServerOutage
from celshade.command.photo_run import PhotoRun
from celshade.command.preflight import PICTURE_OPTIONS, check_server, make_directory, submit_options
from celshade.command.screen import Screen
from celshade.command.screens import open_screen
from celshade.command.thread_pool import ThreadPool
from celshade.command.watch_state import WatchState
from celshade.command.watched_folder import SettledPhoto, WatchedFolder

SCAN_INTERVAL_S = 1.0


class Watch:
    """The watching of one folder.

    Args:
        photo_run: Renders one photo.
        folder: Where photos come.
        state: Which of them have been processed.
        screen: Where it shows itself.
        stop: Set when it is to end.
    """

    def __init__(
        self,
        photo_run: PhotoRun,
        folder: WatchedFolder,
        state: WatchState,
        screen: Screen,
        stop: threading.Event,
    ) -> None:
        self._photo_run = photo_run
        self._folder = folder
        self._state = state
        self._screen = screen
        self._stop = stop
        self._outage = ServerOutage(screen)
        self._under_way: set[Path] = set()
        self._keys: dict[SettledPhoto, str] = {}
        self._fatal: CelshadeError | None = None
        self._is_gone = False
        self.failed = 0

    def run(self, parallel: int, *, once: bool) -> None:
        """Watch until stopped; with `once` until all that is there has been processed.

        Raises:
            CelshadeError: Watching cannot continue: the key is refused, say, or the disk full.
            KeyboardInterrupt: Ctrl-C; open jobs have been canceled as far as the server answered.
        """
        with self._screen.running():
            pool = ThreadPool(self._photo, parallel)
            try:
                while self._fatal is None and (self._scan(pool) or not once):
                    self._stop.wait(SCAN_INTERVAL_S)
            except KeyboardInterrupt:
                self._screen.note("Stopping; open jobs are being canceled.")
                raise
            finally:
                self._stop.set()
                pool.finish(STOP_TIMEOUT_S)
        if self._fatal is not None:
            raise self._fatal

    def _scan(self, pool: ThreadPool[SettledPhoto]) -> bool:
        """Take what has come; whether anything is still to be done."""
        try:
            settled, unsettled = self._folder.scan()
        except PhotoUnreadable as error:
            if not self._is_gone:
                self._screen.note(f"{error} Waiting for it.")
            self._is_gone = True
            return True
        self._is_gone = False
        new = [photo for photo in settled if not self._state.is_done(photo)]
        for photo in new if self._outage.may_request else ():
            if photo.path not in self._under_way:
                self._under_way.add(photo.path)
                pool.put(photo)
        return bool(new or unsettled or self._under_way)

    def _photo(self, photo: SettledPhoto) -> None:
        try:
            if self._outage.may_request and not self._stop.is_set():
                self._render(photo)
        except (Stopped, PhotoUnreadable):  # if it changed or is gone, the next scan sees that
            self._screen.abandoned(photo.path)
        except CelshadeError as error:
            self._screen.abandoned(photo.path)
            self._fatal = error
        finally:
            self._under_way.discard(photo.path)

    def _render(self, photo: SettledPhoto) -> None:
        """Take one photo as far as it goes now.

        Raises:
            Stopped: The watching is being stopped.
            PhotoUnreadable: The photo is no longer as it was.
            CelshadeError: Watching cannot continue.
        """
        # The same key finds the job again that a lost connection, or a restart, has hidden.
        key = self._keys.setdefault(photo, secrets.token_hex(16))
        try:
            picture = self._photo_run.run(
                photo.path, lambda job: self._state.choose_path(photo, job), key
            )
        except PhotoUnreadable:
            raise
        except CelshadeError as error:
            if error.passes:
                self._screen.abandoned(photo.path)
                self._outage.extend(error)
                return
            self._give_up(photo, error)
        else:
            self._state.record(photo, picture.path)
            self._screen.saved(photo.path, picture)
        self._keys.pop(photo, None)
        self._outage.end()

    def _give_up(self, photo: SettledPhoto, error: CelshadeError) -> None:
        """Note that a photo has no picture, unless the fault is not its own."""
        if is_server_wide(error) or isinstance(error, BadAnswer | CannotSave):
            raise error
        passes = isinstance(error, JobFailed) and error.retryable
        self._state.record(photo, None, code_of(error), passes=passes)
        self.failed += 1
        self._screen.failed(photo.path, error)


def watch(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """Do what `celshade watch` was asked; return its exit status.

    Ctrl-C and SIGTERM are its usual end: 0.

    Raises:
        UnusableSettings: The folder, the address, the key or the directory cannot be used.
        CannotSave: The directory cannot be written to.
        CelshadeError: The server cannot be used.
    """
    signal.signal(signal.SIGTERM, _interrupt)
    check_folder(options.folder)
    if options.out.resolve() == options.folder.resolve():
        raise UnusableSettings("The pictures would be taken for photos: name another -o.")
    check_server(options)
    make_directory(options.out)
    screen = open_screen(out, errors, 1, as_json=options.json)
    stop = threading.Event()
    client = Client(options.url, options.api_key, sleep=interruptible_sleep(stop))
    asked = submit_options(options)
    photo_run = PhotoRun(client, asked, screen, stop)
    folder = WatchedFolder(options.folder, options.settle)
    pictures = {name: value for name, value in asked.items() if name in PICTURE_OPTIONS}
    state = WatchState(options.out, pictures)
    watching = Watch(photo_run, folder, state, screen, stop)
    if not options.once:
        screen.note(f"Watching {options.folder}; Ctrl-C ends it.")
    try:
        watching.run(options.parallel, once=options.once)
    except KeyboardInterrupt:
        return DONE
    return SOME_FAILED if watching.failed else DONE


def _interrupt(_: int, __: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
