"""The client of a Celshade server: submit photos, follow their jobs, fetch the cartoons.

It speaks only HTTP and imports nothing of the service.
"""

from celshade.client import Client
from celshade.dead_letters import DeadLetter, DeadLetterPage, DeadLetters
from celshade.errors import (
    BadAnswer,
    CannotSave,
    CelshadeError,
    DownloadFailed,
    JobFailed,
    PhotoUnreadable,
    Refused,
    ServerUnreachable,
    UnusableSettings,
    WaitTimeout,
)
from celshade.jobs import Cache, Failure, Job, JobPage, Output, Params, QueuePlace
from celshade.retrying import RetryPolicy
from celshade.styles import Style

__version__ = "0.1.0"

__all__ = [
    "BadAnswer",
    "Cache",
    "CannotSave",
    "CelshadeError",
    "Client",
    "DeadLetter",
    "DeadLetterPage",
    "DeadLetters",
    "DownloadFailed",
    "Failure",
    "Job",
    "JobFailed",
    "JobPage",
    "Output",
    "Params",
    "PhotoUnreadable",
    "QueuePlace",
    "Refused",
    "RetryPolicy",
    "ServerUnreachable",
    "Style",
    "UnusableSettings",
    "WaitTimeout",
]
