"""The `Client`: one method for each operation of a Celshade server."""

import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Self, Unpack

import httpx

from celshade.client.archives import Archives
from celshade.client.batches import Batches
from celshade.client.dead_letters import DeadLetters
from celshade.client.deliveries import Deliveries
from celshade.client.images import Image, Images
from celshade.client.jobs import Job, JobPage, read_job
from celshade.client.json_fields import Fields
from celshade.client.multipart import Attachment, Form
from celshade.client.photo_files import Photo, PhotoAt
from celshade.client.polling import poll_until_ended
from celshade.client.results import download_picture
from celshade.client.retry import RetryPolicy, Sleep
from celshade.client.service import Limits, Load, Usage, read_limits, read_load, read_usage
from celshade.client.styles import Style, read_style
from celshade.client.submission import SubmitOptions, form_fields, request_headers
from celshade.client.transport import Transport, is_held, read_json, retry_after_s_of

DEFAULT_URL = "http://127.0.0.1:8000"

_PAGE = 100  # the most jobs that a server lists at once


class Client:
    """A Celshade server as seen by one caller; may be shared by threads.

        with Client() as celshade:
            job = celshade.wait(celshade.submit("photo.jpg", strength=0.7).id)
            celshade.download(job, "cartoon.jpg")

    Every method repeats its request, with growing pauses and never sooner than the server's
    `Retry-After`, when no answer came or the server was busy (429, 502, 503). A submission carries
    an Idempotency-Key, so that repeating it makes no second job. Every method raises `Refused`,
    `ServerUnreachable` or `BadAnswer` when that does not help.

    Args:
        base_url: Where the server is; a path prefix is kept.
        api_key: Sent as bearer token, to the server's own origin only; None sends none.
        timeout_s: Longest silence within a request, seconds.
        retry: How often requests are repeated, and after which pauses.
        sleep: Pauses for some seconds; may raise to stop whatever is going on.
        backend: The httpx transport; the network when None.

    Raises:
        UnusableSettings: The address or the key cannot be used.
    """

    def __init__(
        self,
        base_url: str = DEFAULT_URL,
        api_key: str | None = None,
        timeout_s: float = 30.0,
        *,
        retry: RetryPolicy | None = None,
        sleep: Sleep = time.sleep,
        backend: httpx.BaseTransport | None = None,
    ) -> None:
        self._sleep = sleep
        self._policy = retry or RetryPolicy()
        self._http = Transport(
            base_url,
            api_key,
            timeout_s=timeout_s,
            policy=self._policy,
            sleep=sleep,
            backend=backend,
        )

    @property
    def batches(self) -> Batches:
        """Many photos by one request."""
        return Batches(self._http, self._sleep)

    @property
    def archives(self) -> Archives:
        """Pictures of many jobs as one ZIP."""
        return Archives(self._http, self.batches, self._policy)

    @property
    def images(self) -> Images:
        """Photos kept for several styles."""
        return Images(self._http)

    @property
    def deliveries(self) -> Deliveries:
        """Webhooks: what they are signed with, and what was sent."""
        return Deliveries(self._http)

    @property
    def dead_letters(self) -> DeadLetters:
        """What has failed permanently, of all callers; for keys with the scope `admin`."""
        return DeadLetters(self._http)

    @property
    def origin(self) -> str:
        """Scheme, host and port of the server."""
        return self._http.origin

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def submit(
        self,
        photo: Photo | PhotoAt | Image,
        *,
        wait_s: int | None = None,
        **options: Unpack[SubmitOptions],
    ) -> Job:
        """Send a photo; its name stays here. Options left out are the server's default.

        Args:
            photo: Path of the photo, its bytes, its address, or an image that the server keeps.
            wait_s: Seconds, at most 60, the server may take to answer with a finished job.
            **options: `style`, `strength`, `size`, `format`, `quality`, `priority`, `metadata`,
                `idempotency_key`, `no_cache`, `cancel_after_s` and `webhook_url`, as
                `celshade.client.submission.SubmitOptions` explains them.

        Returns:
            The job; it has ended already if the picture was known.

        Raises:
            PhotoUnreadable: The photo cannot be read.
        """
        fields = form_fields(options)
        form, body = None, None
        if isinstance(photo, Image):
            body = {"image_id": photo.id, **fields}
        elif isinstance(photo, PhotoAt):
            body = {"image_url": photo.url, **fields}
        else:
            form = Form(fields, [Attachment(photo, "photo")])
        response = self._http.call(
            "POST",
            self._http.url("v1", "jobs"),
            form=form,
            body=body,
            headers=request_headers(options),
            wait_s=wait_s,
        )
        return _job_of(response)

    def get(self, job_id: str, wait_s: int | None = None) -> Job:
        """Ask how a job stands; with `wait_s` (at most 60) the server answers once it has ended."""
        return _job_of(self._http.call("GET", self._job_url(job_id), wait_s=wait_s))

    def wait(
        self,
        job_id: str,
        on_progress: Callable[[Job], object] | None = None,
        timeout_s: float | None = None,
    ) -> Job:
        """Poll a job until it has ended, successfully or not.

        Args:
            job_id: The job.
            on_progress: Called with each answer, the last one too; what it raises ends the waiting.
            timeout_s: Longest time to wait, seconds; None waits as long as the job is open.

        Raises:
            WaitTimeout: The job is still open; it goes on.
        """
        return poll_until_ended(
            lambda wait_s: self.get(job_id, wait_s),
            f"job {job_id}",
            on_progress=on_progress,
            timeout_s=timeout_s,
            sleep=self._sleep,
        )

    def download(self, job: Job, path: str | Path) -> Path:
        """Fetch a finished picture to a file: whole, checked against its SHA-256, or not at all.

        Args:
            job: A job that has succeeded.
            path: Where it goes, in a directory that exists; what was there is replaced.

        Raises:
            JobFailed: The job ended without a picture.
            DownloadFailed: The picture did not arrive whole, several times.
            CannotSave: The disk refuses.
        """
        current = job if job.is_terminal else self.get(job.id)
        failed = current.failed()
        if failed is not None:
            raise failed
        target = Path(path)
        download_picture(self._http, current, target, self._policy)
        return target

    def cancel(self, job_id: str) -> Job:
        """Cancel a job that is no longer wanted; one that has ended stays as it is."""
        return _job_of(self._http.call("POST", self._job_url(job_id, "cancel")))

    def retry(self, job_id: str) -> Job:
        """Start a failed, canceled or expired job again, under its own id."""
        return _job_of(self._http.call("POST", self._job_url(job_id, "retry"), repeatable=False))

    def delete(self, job_id: str) -> Mapping[str, Any]:
        """Delete a job and what only it holds; return what was `deleted` and what `retained`."""
        response = self._http.call("DELETE", self._job_url(job_id), repeatable=False)
        return Fields(read_json(response), "answer").values

    def list(
        self, status: str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> JobPage:
        """List the caller's own jobs, a page at a time, newest first."""
        query = {"status": status, "cursor": cursor, "limit": limit}
        params = {name: str(value) for name, value in query.items() if value is not None}
        response = self._http.call("GET", self._http.url("v1", "jobs"), params=params)
        page = Fields(read_json(response), "list of jobs")
        jobs = tuple(read_job(value) for value in page.objects("data"))
        return JobPage(jobs, page.optional_text("next_cursor"))

    def jobs(self, status: str | None = None) -> Iterator[Job]:
        """Go through all of the caller's own jobs, newest first, a page at a time."""
        cursor = None
        while True:
            page = self.list(status, cursor, _PAGE)
            yield from page.jobs
            cursor = page.next_cursor
            if cursor is None:
                return

    def styles(self) -> tuple[Style, ...]:
        """List the styles that workers have offered."""
        offered = self._table("styles")
        return tuple(read_style(value) for value in offered.objects("data"))

    def limits(self) -> Limits:
        """Return what the server accepts."""
        return read_limits(self._table("limits").values)

    def queue(self) -> Load:
        """Return how busy the server is."""
        return read_load(self._table("queue").values)

    def usage(self) -> Usage:
        """Return what the caller has used, and what is left."""
        return read_usage(self._table("usage").values)

    def _table(self, name: str) -> Fields:
        return Fields(read_json(self._http.call("GET", self._http.url("v1", name))), name)

    def _job_url(self, job_id: str, *action: str) -> str:
        return self._http.url("v1", "jobs", job_id, *action)


def _job_of(response: httpx.Response) -> Job:
    return read_job(
        read_json(response), retry_after_s=retry_after_s_of(response), held=is_held(response)
    )
