"""Whether a finished picture can be fetched from here: the storage's links are the usual fault."""

import tempfile
from contextlib import suppress
from http import HTTPStatus
from pathlib import Path

from celshade.client.client import Client
from celshade.client.errors import (
    CelshadeError,
    DownloadFailed,
    JobFailed,
    Refused,
    ServerUnreachable,
    WaitTimeout,
)
from celshade.client.jobs import Job
from celshade.client.urls import origin_of
from celshade.command.check_results import Finding, bad, good, note
from celshade.command.messages import duration, sentence
from celshade.command.sample_photo import trial_picture

_RENDER_TIMEOUT_S = 120.0
_ADVICE = (
    "Its links lead where this machine cannot go. Those who run the server set "
    "CELSHADE_S3_PUBLIC_ENDPOINT_URL (CELSHADE_PUBLIC_URL for its own) to an address that "
    "callers reach."
)


def fetch_latest(client: Client) -> Finding:
    """Fetch the caller's latest picture, if there is one."""
    finished = client.list(status="succeeded", limit=1).jobs
    if not finished or finished[0].output is None or finished[0].output.url is None:
        return note(
            "pictures",
            "You have no finished picture to try.",
            "'celshade doctor --render' makes one.",
        )
    return fetch(client, finished[0])


def render_one(client: Client) -> tuple[Finding, ...]:
    """Render a small picture of our own, fetch it, and delete its job."""
    job: Job | None = None
    try:
        job = client.submit(trial_picture())
        job = client.wait(job.id, timeout_s=_RENDER_TIMEOUT_S)
        failed = job.failed()
        if failed is not None:
            raise failed
        began, ended = job.created_at, job.completed_at
        took = f" in {duration((ended - began).total_seconds())}" if began and ended else ""
        return good("rendering", f"A small picture was rendered{took}."), fetch(client, job)
    except WaitTimeout as error:
        return (bad("rendering", sentence(error), "No worker took it: look at 'workers' above."),)
    except (JobFailed, Refused) as error:
        return (bad("rendering", sentence(error), "docs/errors.md says what the code means."),)
    finally:
        if job is not None:
            with suppress(CelshadeError):
                client.delete(job.id)


def fetch(client: Client, job: Job) -> Finding:
    """Fetch a job's picture, and throw it away."""
    link = job.output.url if job.output else None
    where = origin_of(link) if link else client.origin
    with tempfile.TemporaryDirectory() as folder:
        try:
            client.download(job, Path(folder) / "picture")
        except (ServerUnreachable, DownloadFailed) as error:
            return bad("pictures", f"{sentence(error)} Links lead to {where}.", _ADVICE)
        except Refused as error:
            if error.status == HTTPStatus.GONE:
                return note("pictures", "Your latest picture has expired.")
            return bad("pictures", sentence(error), "docs/errors.md says what the code means.")
    return good("pictures", f"Your latest one was fetched from {where}.")
