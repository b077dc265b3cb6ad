"""The photos of a `celshade batch`: the state and the result of each."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from celshade.client.batches import Batch, BatchItem
from celshade.client.errors import CelshadeError, JobFailed
from celshade.client.jobs import TERMINAL, Failure
from celshade.command.batch_screen import BatchScreen
from celshade.command.json_output import error_json
from celshade.command.messages import error_text

_UNKNOWN_FAILURE = Failure(
    "unknown", "There is no picture, and the server did not say why.", retryable=True
)
_DEFAULT_FAILURES = {
    "canceled": Failure("canceled", "The job was canceled.", retryable=True),
    "expired": Failure("expired", "The job's deadline passed.", retryable=True),
}


@dataclass(slots=True)
class BatchPhoto:
    """A photo, its item once it was sent, and its end.

    Attributes:
        path: The photo.
        item: What the server last reported of it.
        saved: Where its picture is: a file of its own, or a ZIP.
        error: Why there is none.
    """

    path: Path
    item: BatchItem | None = None
    saved: Path | None = None
    error: CelshadeError | None = None

    @property
    def has_ended(self) -> bool:
        """Whether the server, or this machine, is done with it."""
        return self.error is not None or (self.item is not None and self.item.status in TERMINAL)

    def as_json(self) -> dict[str, Any]:
        """Write it for a script."""
        return {
            "photo": str(self.path),
            "job_id": self.item and self.item.job_id,
            "cache": self.item and self.item.cache,
            "saved": str(self.saved) if self.saved else None,
            "error": error_json(self.error) if self.error else None,
        }


class BatchPhotos:
    """All photos of a run, in their order.

    Args:
        paths: The photos, each once.
        screen: Shows each that fails.
    """

    def __init__(self, paths: Sequence[Path], screen: BatchScreen) -> None:
        self._photos = {path: BatchPhoto(path) for path in paths}
        self._by_batch: dict[str, list[BatchPhoto]] = {}
        self._screen = screen

    def __len__(self) -> int:
        return len(self._photos)

    def __iter__(self) -> Iterator[BatchPhoto]:
        return iter(self._photos.values())

    @property
    def ended(self) -> int:
        """How many have ended, successfully or not."""
        return sum(photo.has_ended for photo in self)

    @property
    def done(self) -> int:
        """How many pictures are on disk."""
        return sum(photo.saved is not None for photo in self)

    def add_batch(self, batch: Batch, paths: Sequence[Path]) -> None:
        """Note which photos a batch holds, in which order."""
        self._by_batch[batch.id] = [self._photos[path] for path in paths]

    def update(self, batch: Batch) -> list[BatchPhoto]:
        """Take note of how a batch stands; return those that have a picture since the last time."""
        rendered = []
        for photo, item in zip(self._by_batch[batch.id], batch.items, strict=False):
            had_ended = photo.has_ended
            photo.item = item
            if had_ended or item.status not in TERMINAL:
                continue
            if item.succeeded:
                rendered.append(photo)
            else:
                self.fail(photo.path, _failure_of(item))
        return rendered

    def fail(self, path: Path, error: CelshadeError) -> None:
        """Note that a photo's picture will not come, and say why."""
        self._photos[path].error = error
        self._screen.failed(path, error_text(error))


def _failure_of(item: BatchItem) -> JobFailed:
    failure = item.failure or _DEFAULT_FAILURES.get(item.status, _UNKNOWN_FAILURE)
    return JobFailed(
        item.job_id or "", item.status, failure.code, failure.message, retryable=failure.retryable
    )
