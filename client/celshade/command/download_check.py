"""Download check of `celshade doctor`: can a finished picture be fetched from here?"""

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
from celshade.command.check_results import CheckResult, bad, good, note
from celshade.command.messages import error_text, format_duration
from celshade.command.sample_photo import sample_photo

_RENDER_TIMEOUT_S = 120.0
_ADVICE = (
    "Its links lead where this machine cannot go. Those who run the server set "
    "CELSHADE_S3_PUBLIC_ENDPOINT_URL (CELSHADE_PUBLIC_URL for its own) to an address that "
    "callers reach."
)


def check_latest_picture(client: Client) -> CheckResult:
    """Fetch the caller's latest picture, if there is one."""
    finished = client.list(status="succeeded", limit=1).jobs
    if not finished or finished[0].output is None or finished[0].output.url is None:
        return note(
            "pictures",
            "You have no finished picture to try.",
            "'celshade doctor --render' makes one.",
        )
    return check_download(client, finished[0])


def check_rendering(client: Client) -> tuple[CheckResult, ...]:
    """Render a sample photo, fetch the picture, and delete the job."""
    job: Job | None = None
    try:
        job = client.submit(sample_photo())
        job = client.wait(job.id, timeout_s=_RENDER_TIMEOUT_S)
        failed = job.failed()
        if failed is not None:
            raise failed
        began, ended = job.created_at, job.completed_at
        took = f" in {format_duration((ended - began).total_seconds())}" if began and ended else ""
        return good("rendering", f"A small picture was rendered{took}."), check_download(
            client, job
        )
    except WaitTimeout as error:
        return (bad("rendering", error_text(error), "No worker took it: look at 'workers' above."),)
    except (JobFailed, Refused) as error:
        return (bad("rendering", error_text(error), "docs/errors.md says what the code means."),)
    finally:
        if job is not None:
            with suppress(CelshadeError):
                client.delete(job.id)


def check_download(client: Client, job: Job) -> CheckResult:
    """Fetch a job's picture, and discard it."""
    link = job.output.url if job.output else None
    where = origin_of(link) if link else client.origin
    with tempfile.TemporaryDirectory() as folder:
        try:
            client.download(job, Path(folder) / "picture")
        except (ServerUnreachable, DownloadFailed) as error:
            return bad("pictures", f"{error_text(error)} Links lead to {where}.", _ADVICE)
        except Refused as error:
            if error.status == HTTPStatus.GONE:
                return note("pictures", "Your latest picture has expired.")
            return bad("pictures", error_text(error), "docs/errors.md says what the code means.")
    return good("pictures", f"Your latest one was fetched from {where}.")
