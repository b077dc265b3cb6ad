"""Download of a finished picture by its job's stable link, which is signed again each time."""

from pathlib import Path

from celshade.client.downloads import save
from celshade.client.errors import BadAnswer
from celshade.client.jobs import Job
from celshade.client.retry import RetryPolicy
from celshade.client.transport import Transport

# A storage that served no whole picture three times will not; each attempt had a new signed link.
_DOWNLOAD_RETRIES = 3


def download_picture(http: Transport, job: Job, target: Path, policy: RetryPolicy) -> None:
    """Save the picture of a job that has one, checked against its SHA-256.

    Raises:
        BadAnswer: The server does not say which picture that is.
        DownloadFailed: It did not arrive whole, several times.
        CannotSave: The disk refuses.
    """
    link = job.urls.get("result")
    # A link on another origin (the server's public name, say) would not get the key.
    own = isinstance(link, str) and http.is_own(link)
    url = str(link) if own else http.url("v1", "jobs", job.id, "result")
    promised = job.output

    def fetch() -> None:
        with http.stream(url) as response:
            if promised is None:
                raise BadAnswer("The server has a picture for this job and does not say which.")
            save(
                response.iter_bytes(),
                target,
                size_bytes=promised.size_bytes,
                sha256=promised.sha256,
            )

    http.repeat(fetch, policy.limited_to(_DOWNLOAD_RETRIES))
