"""Download of the pictures of a `celshade batch`: each as a file at once, or as ZIP."""

import json
import zipfile
from pathlib import Path
from typing import Protocol

from celshade.client.client import Client
from celshade.client.errors import CelshadeError, DownloadFailed, JobFailed
from celshade.command.batch_photos import BatchPhoto, BatchPhotos
from celshade.command.batch_screen import BatchScreen
from celshade.command.messages import format_size, printable
from celshade.command.output_names import OutputNames
from celshade.command.thread_pool import ThreadPool

_PARALLEL_DOWNLOADS = 4
_DEFAULT_MAX_JOBS = 1_000  # for servers that report no limit


class BatchDownload(Protocol):
    """Where pictures go."""

    zips: list[Path]

    def rendered(self, photo: BatchPhoto) -> None:
        """A photo's picture is there to be fetched."""

    def finish(self) -> None:
        """All have ended: fetch what is still to be fetched."""


class FilesDownload:
    """Each picture as a file of its own, fetched as soon as it is there.

    Args:
        client: The server.
        out: Directory of the pictures.
        photos: All photos of the run.
        screen: Shows each that is saved.
    """

    def __init__(self, client: Client, out: Path, photos: BatchPhotos, screen: BatchScreen) -> None:
        self.zips: list[Path] = []
        self._client = client
        self._photos = photos
        self._screen = screen
        self._names = OutputNames(out, [photo.path for photo in photos])
        self._pool = ThreadPool(self._fetch, _PARALLEL_DOWNLOADS)

    def rendered(self, photo: BatchPhoto) -> None:
        """Let the pool fetch it."""
        self._pool.put(photo)

    def finish(self) -> None:
        """Wait for the pool."""
        self._pool.finish()

    def _fetch(self, photo: BatchPhoto) -> None:
        if photo.item is None or photo.item.job_id is None:
            return
        try:
            job = self._client.get(photo.item.job_id)
            photo.saved = self._client.download(job, self._names.choose_path(photo.path, job))
        except CelshadeError as error:
            self._photos.fail(photo.path, error)
        else:
            self._screen.saved(photo.saved, f"  {photo.item.cache or ''}")


class ZipDownload:
    """All pictures in one ZIP, or in as few as the server's archives allow.

    Args:
        client: The server.
        path: The ZIP; further ones get a number.
        photos: All photos of the run.
        screen: Shows each ZIP that is saved.
    """

    def __init__(
        self, client: Client, path: Path, photos: BatchPhotos, screen: BatchScreen
    ) -> None:
        self.zips: list[Path] = []
        self._client = client
        self._path = path
        self._photos = photos
        self._screen = screen
        self._rendered: list[BatchPhoto] = []

    def rendered(self, photo: BatchPhoto) -> None:
        """Remember it."""
        self._rendered.append(photo)

    def finish(self) -> None:
        """Fetch the ZIPs."""
        if not self._rendered:
            self._screen.note("There is no picture, so there is no ZIP.")
            return
        max_jobs = self._client.limits().max_archive_jobs or _DEFAULT_MAX_JOBS
        for start in range(0, len(self._rendered), max_jobs):
            number = start // max_jobs + 1
            name = self._path.name if number == 1 else f"{self._path.stem}-{number}.zip"
            self._fetch(self._rendered[start : start + max_jobs], self._path.with_name(name))

    def _fetch(self, photos: list[BatchPhoto], path: Path) -> None:
        by_job = {photo.item.job_id: photo for photo in photos if photo.item and photo.item.job_id}
        self._client.archives.download(by_job, path, self._screen.fetching)
        self.zips.append(path)
        missing = _missing_in(path)
        for job_id, photo in by_job.items():
            if job_id in missing:
                self._photos.fail(photo.path, _missing_picture(job_id, missing[job_id]))
            else:
                photo.saved = path
        pictures = len(by_job) - len(missing)
        figure = (
            f"{pictures} picture{'' if pictures == 1 else 's'}, {format_size(path.stat().st_size)}"
        )
        self._screen.saved(path, f"  {figure}")


def _missing_in(path: Path) -> dict[str, str]:
    """Read from a ZIP which jobs' pictures are not in it, and why.

    Raises:
        DownloadFailed: It is no archive of a Celshade server.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            manifest = json.loads(archive.read("manifest.json"))
        return {str(gap["job_id"]): str(gap["reason"]) for gap in manifest["missing"]}
    except (OSError, ValueError, KeyError, TypeError, zipfile.BadZipFile) as error:
        raise DownloadFailed(f"What came as {path} is no archive of pictures.") from error


def _missing_picture(job_id: str, reason: str) -> JobFailed:
    message = f"The picture is not in the archive ({printable(reason)})."
    return JobFailed(job_id, "succeeded", reason, message, retryable=True)
