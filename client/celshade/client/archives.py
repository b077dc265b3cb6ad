"""Archives: any selection of finished pictures, or whole batches, as one ZIP on disk."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from celshade.client.batches import Batch, Batches
from celshade.client.downloads import save
from celshade.client.errors import NothingThere
from celshade.client.json_fields import Fields
from celshade.client.retry import RetryPolicy
from celshade.client.transport import Transport, read_json

# As for pictures: what breaks off four times will again.
_DOWNLOAD_RETRIES = 3


@dataclass(frozen=True, slots=True)
class Archive:
    """A link to a ZIP that the server makes while it is read.

    Attributes:
        url: Signed, for a quarter of an hour; needs no key.
        pictures: How many pictures are in it at this moment.
        missing: How many of the jobs have none; `manifest.json` in the ZIP says why.
        raw: The whole object as it came.
    """

    id: str
    url: str
    url_expires_at: datetime | None
    pictures: int
    missing: int
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Archives:
    """Makes and fetches the ZIPs of one caller. Raises what every method of `Client` raises."""

    def __init__(self, transport: Transport, batches: Batches, policy: RetryPolicy) -> None:
        self._http = transport
        self._batches = batches
        self._policy = policy.limited_to(_DOWNLOAD_RETRIES)

    def make(self, job_ids: Iterable[str]) -> Archive:
        """Ask for a link to a ZIP of these jobs' pictures."""
        url = self._http.url("v1", "archives")
        archive = Fields(
            read_json(self._http.call("POST", url, body={"job_ids": list(job_ids)})), "archive"
        )
        return Archive(
            id=archive.text("id"),
            url=archive.text("url"),
            url_expires_at=archive.time("url_expires_at"),
            pictures=archive.integer("pictures") or 0,
            missing=archive.integer("missing") or 0,
            raw=archive.values,
        )

    def download(
        self,
        what: Batch | Iterable[str],
        path: str | Path,
        on_progress: Callable[[int, int | None], object] | None = None,
    ) -> Path:
        """Fetch the ZIP of a batch or of some jobs to a file: whole, or not at all.

        The ZIP is made while it is read, so one that broke off is requested again, by a new link.

        Args:
            what: A batch that has ended, or the ids of jobs.
            path: Where it goes, in a directory that exists; what was there is replaced.
            on_progress: Called with the bytes received so far and the total, if the server reports
                it; begins again at 0 when the ZIP is requested again.

        Raises:
            NothingThere: None of the photos has a picture.
            DownloadFailed: The ZIP did not arrive whole, several times.
            CannotSave: The disk refuses.
        """
        target = Path(path)
        source = what if isinstance(what, Batch) else list(what)

        def fetch() -> None:
            with self._http.stream(self._link(source)) as response:
                length = response.headers.get("Content-Length", "")
                save(
                    response.iter_bytes(),
                    target,
                    size_bytes=int(length) if length.isdecimal() else None,
                    on_progress=on_progress,
                )

        self._http.repeat(fetch, self._policy)
        return target

    def _link(self, source: Batch | list[str]) -> str:
        """Get a link that has just been signed."""
        if isinstance(source, Batch):
            link = self._batches.get(source.id).archive_url
        else:
            archive = self.make(source)
            link = archive.url if archive.pictures else None
        if link is None:
            raise NothingThere("None of these photos has a picture, so there is no archive.")
        return link
