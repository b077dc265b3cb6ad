"""The client of a Celshade server: submit photos, follow their jobs, fetch the cartoons.

It speaks only HTTP and imports nothing of the service.
"""

from celshade.client import __version__ as __version__
from celshade.client import webhooks
from celshade.client.archives import Archive, Archives
from celshade.client.batches import Batch, Batches, BatchItem
from celshade.client.client import Client
from celshade.client.dead_letters import DeadLetter, DeadLetterPage, DeadLetters
from celshade.client.deliveries import Deliveries, Delivery, WebhookSecret
from celshade.client.errors import (
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
from celshade.client.images import Image, Images
from celshade.client.jobs import Cache, Failure, Job, JobPage, Output, Params, QueuePlace
from celshade.client.photo_files import PhotoAt
from celshade.client.retry import RetryPolicy
from celshade.client.service import Allowance, Limits, Load, Usage
from celshade.client.styles import Style

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
