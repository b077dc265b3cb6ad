"""One photo's journey: sent, followed, fetched; its job is canceled when the run is stopped."""

import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from celshade.client.client import Client
from celshade.client.errors import CelshadeError
from celshade.client.jobs import Job
from celshade.client.submission import SubmitOptions
from celshade.command.interrupts import Stopped
from celshade.command.screen import Saved, Screen


class PhotoRun:
    """The way of photos that are all asked for alike.

    Args:
        client: The server; its pauses must end when `stop` is set, see `pause_unless`.
        options: What is asked for, the same for each photo.
        screen: Where it shows itself.
        stop: Set when the run is being stopped.
    """

    def __init__(
        self, client: Client, options: SubmitOptions, screen: Screen, stop: threading.Event
    ) -> None:
        self._client = client
        self._options = options
        self._screen = screen
        self._stop = stop

    def take(
        self, photo: Path, place: Callable[[Job], Path], idempotency_key: str | None = None
    ) -> Saved:
        """Take one photo the whole way.

        Args:
            photo: The photo.
            place: Chooses where its picture goes.
            idempotency_key: The same key finds the same job again.

        Raises:
            Stopped: The run is being stopped; the job, if there was one, is canceled.
            CelshadeError: There is no picture.
        """
        begun_s = time.monotonic()
        self._screen.started(photo)
        options: SubmitOptions = {**self._options, "idempotency_key": idempotency_key}
        job = self._client.submit(photo, **options)
        try:
            self._follow(photo, job)
            if not job.is_terminal:
                job = self._client.wait(job.id, on_progress=lambda now: self._follow(photo, now))
            failed = job.failed()
            if failed is not None:
                raise failed
            saved = self._client.download(job, place(job))
        except Stopped:
            with suppress(CelshadeError, Stopped):
                self._client.cancel(job.id)
            raise
        return Saved(saved, time.monotonic() - begun_s, job)

    def _follow(self, photo: Path, job: Job) -> None:
        self._screen.moved(photo, job)
        if self._stop.is_set() and not job.is_terminal:
            raise Stopped
