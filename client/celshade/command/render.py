"""`celshade render`: several photos under way at once, each to its saved picture or its complaint.

A run keeps its promises to the person: one photo's failure stops no other; a fault of the server as
a whole is told once; Ctrl-C cancels what is open.
"""

import argparse
import threading
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from celshade.client.client import Client
from celshade.client.errors import CelshadeError, PhotoUnreadable
from celshade.client.photo_files import check_photo
from celshade.command.exit_codes import DONE, SOME_FAILED
from celshade.command.interrupts import STOP_TIMEOUT_S, Stopped, pause_unless
from celshade.command.messages import concerns_all, duration
from celshade.command.output_names import Names, distinct
from celshade.command.photo_run import PhotoRun
from celshade.command.preflight import greet, make_directory, submit_options
from celshade.command.screen import Screen
from celshade.command.screens import open_screen
from celshade.command.thread_pool import ThreadPool


class Run:
    """One run over some photos that can be read.

    Args:
        journey: What each photo goes through.
        names: Where pictures go.
        screen: Where the run shows itself.
        stop: Set by Ctrl-C.
    """

    def __init__(
        self, journey: PhotoRun, names: Names, screen: Screen, stop: threading.Event
    ) -> None:
        self._journey = journey
        self._names = names
        self._screen = screen
        self._stop = stop
        self._useless = threading.Event()
        self._saved: list[Path] = []
        self._unsent: list[Path] = []

    def go(self, photos: Sequence[Path], parallel: int) -> int:
        """Render them all, some at once; count the pictures saved.

        Raises:
            KeyboardInterrupt: Ctrl-C; open jobs have been canceled as far as the server answered.
        """
        with self._screen.running():
            crew = ThreadPool(self._photo, min(parallel, len(photos)))
            try:
                for photo in photos:
                    crew.put(photo)
                crew.finish()
            except KeyboardInterrupt:
                self._stop.set()
                self._screen.note("Stopping; open jobs are being canceled.")
                crew.finish(STOP_TIMEOUT_S)
                raise
        if self._unsent:
            self._screen.note(f"{len(self._unsent)} more not sent, for the same reason.")
        return len(self._saved)

    def _photo(self, photo: Path) -> None:
        if self._stop.is_set() or self._useless.is_set():
            self._unsent.append(photo)
            return
        try:
            saved = self._journey.take(photo, lambda job: self._names.place(photo, job))
        except Stopped:
            self._screen.dropped(photo)
        except CelshadeError as error:
            if concerns_all(error):
                self._useless.set()
            self._screen.failed(photo, error)
        else:
            self._saved.append(saved.place)
            self._screen.saved(photo, saved)


def render(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """Do what `celshade render` was asked; return its exit status.

    Raises:
        UnusableSettings: The address, the key or the directory cannot be used.
        CannotSave: The directory cannot be made.
        CelshadeError: The server as a whole is no use.
        KeyboardInterrupt: Ctrl-C.
    """
    wanted = distinct(options.photos)
    photos: list[Path] = []
    screen = open_screen(out, errors, len(wanted), as_json=options.json)
    for photo in wanted:
        try:
            check_photo(photo)
            photos.append(photo)
        except PhotoUnreadable as error:
            screen.failed(photo, error)
    if not photos:
        return SOME_FAILED
    greet(options)
    make_directory(options.out)
    begun_s = time.monotonic()
    stop = threading.Event()
    client = Client(options.url, options.api_key, sleep=pause_unless(stop))
    journey = PhotoRun(client, submit_options(options), screen, stop)
    saved = Run(journey, Names(options.out, photos), screen, stop).go(photos, options.parallel)
    client.close()  # not on Ctrl-C: a thread may still be on its way out with it
    if len(wanted) > 1:
        took = duration(time.monotonic() - begun_s)
        screen.note(f"{saved} of {len(wanted)} photos done in {took}.")
    return DONE if saved == len(wanted) else SOME_FAILED
