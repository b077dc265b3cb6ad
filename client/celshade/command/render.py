"""`celshade render`: several photos under way at once, each to its saved picture or its complaint.

A run keeps its promises to the person: one photo's failure stops no other; a fault of the server as
a whole is told once; Ctrl-C cancels what is open.
"""

import argparse
import math
import os
import queue
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from rich.console import Console

from celshade.client import Client
from celshade.command.names import Names, distinct
from celshade.command.screen import Saved, Screen, open_screen
from celshade.command.wording import concerns_all, duration, printable, sentence
from celshade.errors import (
    BadAnswer,
    CannotSave,
    CelshadeError,
    PhotoUnreadable,
    Refused,
    UnusableSettings,
)
from celshade.jobs import Job
from celshade.retrying import RetryPolicy, Sleep
from celshade.submission import check_photo

# How long Ctrl-C waits for open jobs to be canceled; who presses it again does not wait.
STOP_TIMEOUT_S = 5.0
# The first question is asked by somebody who sits and waits: it is not repeated.
_GREETING_TIMEOUT_S = 10.0


class Stopped(Exception):
    """Raised inside a photo's thread once the run is being stopped."""


class Run:
    """One run over some photos that can be read.

    Args:
        client: The server; its pauses must end when `stop` is set, see `pause_unless`.
        params: Keyword arguments of `Client.submit`, the same for each photo.
        names: Where pictures go.
        screen: Where the run shows itself.
        stop: Set by Ctrl-C.
    """

    def __init__(
        self,
        client: Client,
        params: dict[str, Any],
        names: Names,
        screen: Screen,
        stop: threading.Event,
    ) -> None:
        self._client = client
        self._params = params
        self._names = names
        self._screen = screen
        self._stop = stop
        self._useless = threading.Event()
        self._waiting: queue.SimpleQueue[Path] = queue.SimpleQueue()
        self._ended: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._working = 0
        self._saved: list[Path] = []

    def go(self, photos: Sequence[Path], parallel: int) -> int:
        """Render them all, some at once; count the pictures saved.

        Raises:
            KeyboardInterrupt: Ctrl-C; open jobs have been canceled as far as the server answered.
        """
        for photo in photos:
            self._waiting.put(photo)
        with self._screen.running():
            try:
                for _ in range(min(parallel, len(photos))):
                    threading.Thread(target=self._work, daemon=True).start()
                    self._working += 1
                self._wait()
            except KeyboardInterrupt:
                self._stop.set()
                self._screen.note("Stopping; open jobs are being canceled.")
                self._wait(STOP_TIMEOUT_S)
                raise
        unsent = self._waiting.qsize()
        if unsent:
            self._screen.note(f"{unsent} more not sent, for the same reason.")
        return len(self._saved)

    def _wait(self, timeout_s: float = math.inf) -> None:
        """Wait until no thread works any more.

        Not by `Thread.join`: interrupted by Ctrl-C, Python 3.11's may take a running thread for an
        ended one. The steps are short because some systems hear Ctrl-C only between two of them.
        """
        due_s = time.monotonic() + timeout_s
        while self._working and time.monotonic() < due_s:
            with suppress(queue.Empty):
                self._ended.get(timeout=0.1)
                self._working -= 1

    def _work(self) -> None:
        try:
            while not (self._stop.is_set() or self._useless.is_set()):
                self._photo(self._waiting.get_nowait())
        except queue.Empty:
            pass
        finally:
            self._ended.put(None)

    def _photo(self, photo: Path) -> None:
        begun_s = time.monotonic()
        self._screen.started(photo)
        try:
            job, place = self._render(photo)
        except Stopped:
            self._screen.dropped(photo)
        except CelshadeError as error:
            if concerns_all(error):
                self._useless.set()
            self._screen.failed(photo, sentence(error))
        else:
            self._saved.append(place)
            took_s = time.monotonic() - begun_s
            self._screen.saved(photo, Saved(place, took_s, job.cache.status or "miss"))

    def _render(self, photo: Path) -> tuple[Job, Path]:
        """Take one photo the whole way.

        Raises:
            Stopped: The run is being stopped; the job, if there was one, is canceled.
            CelshadeError: There is no picture.
        """
        job = self._client.submit(photo, **self._params)
        try:
            self._follow(photo, job)
            if not job.is_terminal:
                job = self._client.wait(job.id, on_progress=lambda now: self._follow(photo, now))
            failed = job.failed()
            if failed is not None:
                raise failed
            return job, self._client.download(job, self._names.place(photo, job))
        except Stopped:
            with suppress(CelshadeError, Stopped):
                self._client.cancel(job.id)
            raise

    def _follow(self, photo: Path, job: Job) -> None:
        self._screen.moved(photo, job)
        if self._stop.is_set() and not job.is_terminal:
            raise Stopped


def render(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """Do what `celshade render` was asked; return its exit status, 0 or 1.

    Raises:
        UnusableSettings: The address, the key or the directory cannot be used.
        CannotSave: The directory cannot be made.
        CelshadeError: The server as a whole is no use.
        KeyboardInterrupt: Ctrl-C.
    """
    wanted = distinct(options.photos)
    photos: list[Path] = []
    screen = open_screen(out, errors, len(wanted))
    for photo in wanted:
        try:
            check_photo(photo)
            photos.append(photo)
        except PhotoUnreadable as error:
            screen.failed(photo, sentence(error))
    if not photos:
        return 1
    _greet(options)
    _make_directory(options.out)
    begun_s = time.monotonic()
    stop = threading.Event()
    client = Client(options.url, options.api_key, sleep=pause_unless(stop))
    run = Run(client, _params(options), Names(options.out, photos), screen, stop)
    saved = run.go(photos, options.parallel)
    client.close()  # not on Ctrl-C: a thread may still be on its way out with it
    if len(wanted) > 1:
        took = duration(time.monotonic() - begun_s)
        screen.note(f"{saved} of {len(wanted)} photos done in {took}.")
    return 0 if saved == len(wanted) else 1


def pause_unless(stop: threading.Event) -> Sleep:
    """Make the client's pauses end, by `Stopped`, as soon as an event is set."""

    def pause(pause_s: float) -> None:
        if stop.wait(pause_s):
            raise Stopped

    return pause


def _greet(options: argparse.Namespace) -> None:
    """Find out, before anything is uploaded, whether the server is there and knows us."""
    with Client(
        options.url, options.api_key, _GREETING_TIMEOUT_S, retry=RetryPolicy(retries=0)
    ) as client:
        try:
            offered = [style.name for style in client.styles()]
        except Refused as error:
            if concerns_all(error):
                raise
            if error.is_foreign:
                raise BadAnswer(
                    f"What answers at {client.origin} is not a Celshade server."
                ) from error
            return  # busy, perhaps: submitting has the patience for that
    if options.style is not None and offered and options.style not in offered:
        names = ", ".join(sorted(printable(name) for name in offered))
        raise UnusableSettings(f"There is no style '{options.style}'; there are: {names}.")


def _make_directory(out: Path) -> None:
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UnusableSettings(f"'{out}' is a file; -o takes a directory.") from None
    except OSError as error:
        raise CannotSave(out, error.strerror or str(error)) from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise CannotSave(out, "permission denied")


def _params(options: argparse.Namespace) -> dict[str, Any]:
    """Pick what `Client.submit` takes."""
    names = ("style", "strength", "size", "format", "quality", "priority", "no_cache")
    return {name: getattr(options, name) for name in names}
