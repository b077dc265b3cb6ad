"""The run of one photo: submit, wait, download; its job is canceled when the command is stopped."""

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
from celshade.command.screen import SavedPicture, Screen


class PhotoRun:
    """Renders photos that all have the same options.

    Args:
        client: The server; its pauses must end when `stop` is set, see `interruptible_sleep`.
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

    def run(
        self, photo: Path, choose_path: Callable[[Job], Path], idempotency_key: str | None = None
    ) -> SavedPicture:
        """Render one photo and save its picture.

        Args:
            photo: The photo.
            choose_path: Chooses where its picture goes.
            idempotency_key: The same key finds the same job again.

        Raises:
            Stopped: The run is being stopped; the job, if there was one, is canceled.
            CelshadeError: There is no picture.
        """
        started_s = time.monotonic()
        self._screen.started(photo)
        options: SubmitOptions = {**self._options, "idempotency_key": idempotency_key}
        job = self._client.submit(photo, **options)
        try:
            self._on_progress(photo, job)
            if not job.is_terminal:
                job = self._client.wait(
                    job.id, on_progress=lambda now: self._on_progress(photo, now)
                )
            failed = job.failed()
            if failed is not None:
                raise failed
            saved = self._client.download(job, choose_path(job))
        except Stopped:
            with suppress(CelshadeError, Stopped):
                self._client.cancel(job.id)
            raise
        return SavedPicture(saved, time.monotonic() - started_s, job)

    def _on_progress(self, photo: Path, job: Job) -> None:
        self._screen.progressed(photo, job)
        if self._stop.is_set() and not job.is_terminal:
            raise Stopped
