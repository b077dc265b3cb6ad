"""`celshade render`: renders several photos at once; each ends as a saved picture or an error.

One photo's failure stops no other; a fault of the server as a whole is reported once; Ctrl-C
cancels what is open.
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
from celshade.command.interrupts import STOP_TIMEOUT_S, Stopped, interruptible_sleep
from celshade.command.messages import format_duration, is_server_wide
from celshade.command.output_names import OutputNames, without_duplicates
from celshade.command.photo_run import PhotoRun
from celshade.command.preflight import check_server, make_directory, submit_options
from celshade.command.screen import Screen
from celshade.command.screens import open_screen
from celshade.command.thread_pool import ThreadPool


class RenderRun:
    """One run over some photos that can be read.

    Args:
        photo_run: Renders one photo.
        names: Where pictures go.
        screen: Where the run shows itself.
        stop: Set by Ctrl-C.
    """

    def __init__(
        self, photo_run: PhotoRun, names: OutputNames, screen: Screen, stop: threading.Event
    ) -> None:
        self._photo_run = photo_run
        self._names = names
        self._screen = screen
        self._stop = stop
        self._server_failed = threading.Event()
        self._saved: list[Path] = []
        self._unsent: list[Path] = []

    def run(self, photos: Sequence[Path], parallel: int) -> int:
        """Render them all, some at once; count the pictures saved.

        Raises:
            KeyboardInterrupt: Ctrl-C; open jobs have been canceled as far as the server answered.
        """
        with self._screen.running():
            pool = ThreadPool(self._photo, min(parallel, len(photos)))
            try:
                for photo in photos:
                    pool.put(photo)
                pool.finish()
            except KeyboardInterrupt:
                self._stop.set()
                self._screen.note("Stopping; open jobs are being canceled.")
                pool.finish(STOP_TIMEOUT_S)
                raise
        if self._unsent:
            self._screen.note(f"{len(self._unsent)} more not sent, for the same reason.")
        return len(self._saved)

    def _photo(self, photo: Path) -> None:
        if self._stop.is_set() or self._server_failed.is_set():
            self._unsent.append(photo)
            return
        try:
            saved = self._photo_run.run(photo, lambda job: self._names.choose_path(photo, job))
        except Stopped:
            self._screen.abandoned(photo)
        except CelshadeError as error:
            if is_server_wide(error):
                self._server_failed.set()
            self._screen.failed(photo, error)
        else:
            self._saved.append(saved.path)
            self._screen.saved(photo, saved)


def render(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """Do what `celshade render` was asked; return its exit status.

    Raises:
        UnusableSettings: The address, the key or the directory cannot be used.
        CannotSave: The directory cannot be made.
        CelshadeError: The server cannot be used.
        KeyboardInterrupt: Ctrl-C.
    """
    requested = without_duplicates(options.photos)
    photos: list[Path] = []
    screen = open_screen(out, errors, len(requested), as_json=options.json)
    for photo in requested:
        try:
            check_photo(photo)
            photos.append(photo)
        except PhotoUnreadable as error:
            screen.failed(photo, error)
    if not photos:
        return SOME_FAILED
    check_server(options)
    make_directory(options.out)
    started_s = time.monotonic()
    stop = threading.Event()
    client = Client(options.url, options.api_key, sleep=interruptible_sleep(stop))
    photo_run = PhotoRun(client, submit_options(options), screen, stop)
    saved = RenderRun(photo_run, OutputNames(options.out, photos), screen, stop).run(
        photos, options.parallel
    )
    client.close()  # not on Ctrl-C: a thread may still be using it
    if len(requested) > 1:
        took = format_duration(time.monotonic() - started_s)
        screen.note(f"{saved} of {len(requested)} photos done in {took}.")
    return DONE if saved == len(requested) else SOME_FAILED
