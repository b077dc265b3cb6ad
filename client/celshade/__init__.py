"""The client of a Celshade server: submit photos, follow their jobs, fetch the cartoons.

It speaks only HTTP and imports nothing of the service.
"""

from celshade import webhooks
from celshade.archives import Archive, Archives
from celshade.batches import Batch, Batches, BatchItem
from celshade.client import Client
from celshade.dead_letters import DeadLetter, DeadLetterPage, DeadLetters
from celshade.deliveries import Deliveries, Delivery, WebhookSecret
from celshade.errors import (
    BadAnswer,
    CannotSave,
    CelshadeError,
    DownloadFailed,
    JobFailed,
    NothingThere,
    PhotoUnreadable,
    Refused,
    ServerUnreachable,
    UnusableSettings,
    WaitTimeout,
)
from celshade.images import Image, Images
from celshade.jobs import Cache, Failure, Job, JobPage, Output, Params, QueuePlace
from celshade.photo_files import PhotoAt
from celshade.retrying import RetryPolicy
from celshade.service import Allowance, Limits, Load, Usage
from celshade.styles import Style

__version__ = "0.1.0"

__all__ = [
    "Allowance",
    "Archive",
    "Archives",
    "BadAnswer",
    "Batch",
    "BatchItem",
    "Batches",
    "Cache",
    "CannotSave",
    "CelshadeError",
    "Client",
    "DeadLetter",
    "DeadLetterPage",
    "DeadLetters",
    "Deliveries",
    "Delivery",
    "DownloadFailed",
    "Failure",
    "Image",
    "Images",
    "Job",
    "JobFailed",
    "JobPage",
    "Limits",
    "Load",
    "NothingThere",
    "Output",
    "Params",
    "PhotoAt",
    "PhotoUnreadable",
    "QueuePlace",
    "Refused",
    "RetryPolicy",
    "ServerUnreachable",
    "Style",
    "UnusableSettings",
    "Usage",
    "WaitTimeout",
    "WebhookSecret",
    "webhooks",
]
