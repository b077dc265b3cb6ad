"""Service schemas: styles, limits, load and health. Pure."""

import math
from typing import Literal

from pydantic import Field

from api.catalog.catalog import Offers, StyleOffer
from api.http.request_options import MAX_LIST, MAX_WAIT_S
from api.submissions.parameters import MAX_METADATA_BYTES, MAX_METADATA_ENTRIES
from common.callers import Caller
from common.jobs import Priority
from common.jobstore.archives import MAX_ARCHIVE_JOBS
from common.jobstore.overview import Line, Overview
from common.photos import PhotoLimits
from common.renders import (
    DEFAULT_QUALITY,
    DEFAULT_SIZE_PX,
    DEFAULT_STRENGTH,
    MAX_SIZE_PX,
    MIN_SIZE_PX,
    PictureFormat,
)
from common.schemas.base import Body
from common.settings import Settings


class WorkersBody(Body):
    """Living worker processes."""

    ready: int
    starting: int

    @classmethod
    def of(cls, overview: Overview) -> "WorkersBody":
        """Count the live processes; one that serves several styles counts once."""
        crews = [member for line in overview.lines for member in line.crew]

        def count(state: str) -> int:
            return len({member.process for member in crews if member.state == state})

        return cls(ready=count("ready"), starting=count("starting"))


class HealthBody(Body):
    """That this process lives."""

    status: Literal["ok"] = "ok"


class ReadinessBody(Body):
    """That work can be taken in, and who is there to do it; a fleet may scale to zero."""

    status: Literal["ok"] = "ok"
    workers: WorkersBody


class StyleBody(Body):
    """A style, at the version that new work goes to."""

    name: str
    title: str
    description: str
    license: str | None
    version: str
    model_digest: str | None
    default: bool
    min_size: int
    max_size: int
    default_size: int
    workers: WorkersBody

    @classmethod
    def of(cls, style: StyleOffer, *, is_default: bool) -> "StyleBody":
        """Build the body of a style."""
        card = style.line.card
        return cls(
            name=style.name,
            title=card.get("title") or style.name,
            description=card.get("description") or "",
            license=card.get("license"),
            version=style.line.version,
            model_digest=card.get("model_digest"),
            default=is_default,
            min_size=style.min_size_px,
            max_size=style.max_size_px,
            default_size=style.default_size_px,
            workers=WorkersBody(ready=style.count("ready"), starting=style.count("starting")),
        )


class StylesBody(Body):
    """All styles."""

    data: list[StyleBody]

    @classmethod
    def of(cls, offers: Offers) -> "StylesBody":
        """Build the list of styles; one of them is the default."""
        return cls(
            data=[
                StyleBody.of(style, is_default=style is offers.default) for style in offers.styles
            ]
        )


class LineLoadBody(Body):
    """One style version's line; `eta_seconds` is when a photo sent now would be begun."""

    style: str
    version: str
    waiting: int
    waiting_megapixels: float
    running_megapixels: float
    eta_seconds: float | None
    workers: WorkersBody

    @classmethod
    def of(cls, line: Line) -> "LineLoadBody":
        """Build the body of a line."""
        offer = StyleOffer(line)
        return cls(
            style=line.style,
            version=line.version,
            waiting=line.waiting,
            waiting_megapixels=round(line.waiting_px / 1e6, 3),
            running_megapixels=round(line.running_px / 1e6, 3),
            eta_seconds=_eta_s(line),
            workers=WorkersBody(ready=offer.count("ready"), starting=offer.count("starting")),
        )


class LoadBody(Body):
    """How busy the service is."""

    waiting: int
    running: int
    delayed: int
    workers: WorkersBody
    lines: list[LineLoadBody]

    @classmethod
    def of(cls, overview: Overview) -> "LoadBody":
        """Build the body of the load."""
        return cls(
            waiting=sum(line.waiting for line in overview.lines),
            running=overview.leases,
            delayed=overview.delayed,
            workers=WorkersBody.of(overview),
            lines=[LineLoadBody.of(line) for line in overview.lines],
        )


def _eta_s(line: Line) -> float | None:
    """Return the seconds of work ahead; None without a ready worker."""
    rate = sum(1 / member.seconds_per_mp for member in line.ready if member.seconds_per_mp > 0)
    return round((line.waiting_px + line.running_px) / 1e6 / rate, 1) if rate else None


class NumberLimits(Body):
    """The range of a number."""

    min: float
    max: float
    default: float


class WholeLimits(Body):
    """The range of a whole number."""

    min: int
    max: int
    default: int


class MetadataLimits(Body):
    """How much may be noted on a job."""

    max_entries: int
    max_bytes: int


def megapixels_a_day(settings: Settings, caller: Caller) -> float | None:
    """Return the megapixels per day that a caller may use; None for no limit."""
    most = caller.share.megapixels_per_day or settings.megapixels_per_day
    return None if most is None or math.isinf(most) else most


class LimitsBody(Body):
    """What is accepted, so that clients can check before they upload."""

    max_upload_bytes: int
    max_pixels: int
    min_side_px: int
    max_aspect: float
    content_types: list[str]
    strength: NumberLimits
    size: WholeLimits
    quality: WholeLimits
    formats: list[PictureFormat]
    priorities: list[Priority]
    metadata: MetadataLimits
    max_batch_photos: int
    max_batch_bytes: int
    max_archive_jobs: int
    image_url: bool = Field(description="Whether photos are fetched by address.")
    max_open_jobs: int
    megapixels_per_day: float | None
    requests_per_minute: int | None
    max_cancel_after_seconds: int
    max_wait_seconds: int
    max_list: int
    retention_seconds: int
    record_seconds: int
    url_seconds: int

    @classmethod
    def of(cls, settings: Settings, caller: Caller) -> "LimitsBody":
        """Build the limits of a caller from its share, the settings and constants."""
        share = caller.share
        return cls(
            max_upload_bytes=settings.max_upload_bytes,
            max_pixels=settings.max_pixels,
            min_side_px=settings.min_side_px,
            max_aspect=settings.max_aspect,
            content_types=[each.content_type for each in PhotoLimits.of(settings).formats],
            strength=NumberLimits(min=0, max=1, default=DEFAULT_STRENGTH),
            size=WholeLimits(min=MIN_SIZE_PX, max=MAX_SIZE_PX, default=DEFAULT_SIZE_PX),
            quality=WholeLimits(min=1, max=100, default=DEFAULT_QUALITY),
            formats=list(PictureFormat),
            priorities=list(Priority),
            metadata=MetadataLimits(max_entries=MAX_METADATA_ENTRIES, max_bytes=MAX_METADATA_BYTES),
            max_batch_photos=settings.max_batch_photos,
            max_batch_bytes=settings.max_batch_bytes,
            max_archive_jobs=MAX_ARCHIVE_JOBS,
            image_url=settings.image_url,
            max_open_jobs=share.max_open_jobs or settings.max_open_jobs_per_caller,
            megapixels_per_day=megapixels_a_day(settings, caller),
            requests_per_minute=share.requests_per_minute or settings.requests_per_minute,
            max_cancel_after_seconds=settings.deadline_s,
            max_wait_seconds=MAX_WAIT_S,
            max_list=MAX_LIST,
            retention_seconds=settings.retention_s,
            record_seconds=settings.job_record_s,
            url_seconds=settings.url_ttl_s,
        )
