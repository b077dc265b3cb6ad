"""The schemas of webhook events, in the form of Standard Webhooks. Pure.

Source: https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from typing import Literal

from pydantic import Field

from common.schemas.base import Body, Moment
from common.schemas.batch import BatchSummaryBody
from common.schemas.job import JobBody


class JobEventBody(Body):
    """A job has ended. One of more than 20 kB goes without `execution`, `metadata` and `error`."""

    type: Literal["job.succeeded", "job.failed", "job.canceled", "job.expired"]
    timestamp: Moment = Field(description="When it ended.")
    data: JobBody


class BatchEventBody(Body):
    """All jobs of a batch have ended."""

    type: Literal["batch.completed"]
    timestamp: Moment = Field(description="When the last of them ended.")
    data: BatchSummaryBody
