"""`Client`: the verbs of a Celshade server, each a method; the way from a photo to its cartoon."""

import json
import secrets
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Self

import httpx

from celshade.dead_letters import DeadLetters
from celshade.downloads import save
from celshade.errors import BadAnswer, WaitTimeout
from celshade.fields import Fields
from celshade.jobs import Job, JobPage, read_job
from celshade.retrying import RetryPolicy, Sleep, read_retry_after_s
from celshade.styles import Style, read_style
from celshade.submission import Photo, form_fields, opened, request_headers
from celshade.transport import Transport, read_json

DEFAULT_URL = "http://127.0.0.1:8000"

# How long the server may hold an answer back (the contract allows 60): short where somebody watches
# the stages go by, else long enough that waiting costs few requests.
_WATCHED_HOLD_S = 1
_UNWATCHED_HOLD_S = 20
# Pause between two questions when the server neither held its answer nor named a pause.
_POLL_PAUSE_S = 0.5
# A storage that serves no whole picture three times will not; the server has signed anew each time.
_DOWNLOAD_RETRIES = 3


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
        retry: How often and how patiently requests are repeated.
        sleep: Pauses for some seconds; may raise to stop whatever is going on.
        backend: What httpx sends through; its own network when None.

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
    def dead_letters(self) -> DeadLetters:
        """What has failed for good, of all callers; for keys with the scope `admin`."""
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
        photo: Photo,
        *,
        style: str | None = None,
        strength: float | None = None,
        size: int | None = None,
        format: str | None = None,
        quality: int | None = None,
        priority: str | None = None,
        metadata: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        no_cache: bool = False,
        cancel_after_s: int | None = None,
        wait_s: int | None = None,
    ) -> Job:
        """Send a photo; its name stays here. What is None is the server's default.

        Args:
            photo: Path of the photo, or its bytes.
            style: Name of a style, see `styles`.
            strength: 0 (the photo) to 1 (the cartoon).
            size: Long side of the picture, pixels; never larger than the photo's own.
            format: `jpeg`, `png` or `webp`.
            quality: 1 to 100, where the format has one.
            priority: `low`, `normal` or `high` among the caller's own jobs.
            metadata: Kept with the job as it is.
            idempotency_key: Names this submission for 24 h; the same key with the same photo gives
                the same job. A random one when None.
            no_cache: Render anew even if the picture is known.
            cancel_after_s: Deadline from now, seconds.
            wait_s: Seconds, at most 60, the server may take to answer with a finished job.

        Returns:
            The job; it has ended already if the picture was known.

        Raises:
            PhotoUnreadable: The photo cannot be read.
        """
        key = idempotency_key or secrets.token_hex(16)
        headers = request_headers(key, no_cache=no_cache, cancel_after_s=cancel_after_s)
        fields = form_fields(
            {
                "style": style,
                "strength": strength,
                "size": size,
                "format": format,
                "quality": quality,
                "priority": priority,
                "metadata": json.dumps(dict(metadata)) if metadata else None,
            }
        )
        with opened(photo) as content:
            answer = self._http.call(
                "POST",
                self._http.url("v1", "jobs"),
                fields=fields,
                files={"image": ("photo", content, "application/octet-stream")},
                headers=headers,
                wait_s=wait_s,
            )
        return _job_of(answer)

    def get(self, job_id: str, wait_s: int | None = None) -> Job:
        """Ask how a job stands; with `wait_s` (at most 60) the server answers once it has ended."""
        return _job_of(self._http.call("GET", self._job_url(job_id), wait_s=wait_s))

    def wait(
        self,
        job_id: str,
        on_progress: Callable[[Job], object] | None = None,
        timeout_s: float | None = None,
    ) -> Job:
        """Follow a job until it has ended, well or badly.

        Args:
            job_id: The job.
            on_progress: Called with each answer, the last one too; what it raises ends the waiting.
            timeout_s: Longest time to wait, seconds; None waits as long as the job is open.

        Raises:
            WaitTimeout: The job is still open; it goes on.
        """
        hold_s = _UNWATCHED_HOLD_S if on_progress is None else _WATCHED_HOLD_S
        begun_s = time.monotonic()
        while True:
            asked_s = time.monotonic()
            left_s = hold_s if timeout_s is None else timeout_s - (asked_s - begun_s)
            job = self.get(job_id, wait_s=max(0, min(hold_s, int(left_s))) or None)
            if on_progress is not None:
                on_progress(job)
            if job.is_terminal:
                return job
            pause_s = poll_pause_s(job, time.monotonic() - asked_s)
            if timeout_s is not None and time.monotonic() - begun_s + pause_s >= timeout_s:
                raise WaitTimeout(job_id, timeout_s)
            self._sleep(pause_s)

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
        patience = self._policy.limited_to(_DOWNLOAD_RETRIES)
        self._http.repeat(lambda: self._fetch(current, target), patience)
        return target

    def cancel(self, job_id: str) -> Job:
        """End a job that nobody wants any more; one that has ended stays as it is."""
        return _job_of(self._http.call("POST", self._job_url(job_id, "cancel")))

    def retry(self, job_id: str) -> Job:
        """Start a failed, canceled or expired job again, under its own id."""
        return _job_of(self._http.call("POST", self._job_url(job_id, "retry"), repeatable=False))

    def delete(self, job_id: str) -> Mapping[str, Any]:
        """Forget a job and what only it holds; tells what was `deleted` and what `retained`."""
        answer = self._http.call("DELETE", self._job_url(job_id), repeatable=False)
        return Fields(read_json(answer), "answer").values

    def list(
        self, status: str | None = None, cursor: str | None = None, limit: int | None = None
    ) -> JobPage:
        """List the caller's own jobs, a page at a time, newest first."""
        asked = {"status": status, "cursor": cursor, "limit": limit}
        params = {name: str(value) for name, value in asked.items() if value is not None}
        answer = self._http.call("GET", self._http.url("v1", "jobs"), params=params)
        page = Fields(read_json(answer), "list of jobs")
        jobs = tuple(read_job(value) for value in page.objects("data"))
        return JobPage(jobs, page.optional_text("next_cursor"))

    def styles(self) -> tuple[Style, ...]:
        """List the styles that workers have offered."""
        offered = self._table("styles")
        return tuple(read_style(value) for value in offered.objects("data"))

    def limits(self) -> Mapping[str, Any]:
        """Tell what the server accepts, as it says it."""
        return self._table("limits").values

    def queue(self) -> Mapping[str, Any]:
        """Tell how busy the server is, as it says it."""
        return self._table("queue").values

    def _table(self, name: str) -> Fields:
        return Fields(read_json(self._http.call("GET", self._http.url("v1", name))), name)

    def _job_url(self, job_id: str, *verb: str) -> str:
        return self._http.url("v1", "jobs", job_id, *verb)

    def _fetch(self, job: Job, target: Path) -> None:
        """Follow the job's stable link, which signs anew each time, and save what comes."""
        link = job.urls.get("result")
        # A link on another origin (the server's public name, say) would not get the key.
        own = isinstance(link, str) and self._http.is_own(link)
        url = str(link) if own else self._job_url(job.id, "result")
        with self._http.opened(url) as answer:
            if job.output is None:
                raise BadAnswer("The server has a picture for this job and does not say which.")
            save(answer.iter_bytes(), target, job.output)


def poll_pause_s(job: Job, took_s: float) -> float:
    """Choose the pause before a job is asked for again, seconds.

    An answer that the server held back has used up its pause in the server.

    Args:
        job: The last answer, of an open job.
        took_s: How long that answer took, seconds.
    """
    pause_s = _POLL_PAUSE_S if job.retry_after_s is None else job.retry_after_s
    return max(0.0, pause_s - took_s) if job.held else pause_s


def _job_of(answer: httpx.Response) -> Job:
    return read_job(
        read_json(answer),
        retry_after_s=read_retry_after_s(answer.headers.get("Retry-After")),
        held="wait" in answer.headers.get("Preference-Applied", ""),
    )
