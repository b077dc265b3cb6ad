"""Submission parameters: validated and typed, from the fields of a form, query or JSON. Pure.

Every fault is reported under its field.
"""

from typing import Annotated

from pydantic import Field, Json, field_validator

from api.http.request_options import Fields
from common.jobs import Priority
from common.outbound.target import MAX_URL_BYTES
from common.renders import (
    DEFAULT_QUALITY,
    DEFAULT_STRENGTH,
    MAX_SIZE_PX,
    MIN_SIZE_PX,
    PictureFormat,
)

MAX_METADATA_ENTRIES = 16
MAX_METADATA_BYTES = 1024
Metadata = Annotated[
    dict[Annotated[str, Field(min_length=1)], Annotated[str, Field(strict=True)]],
    Field(max_length=MAX_METADATA_ENTRIES),
]


class Parameters(Fields):
    """What a submission asks for, as far as it says so."""

    style: str | None = Field(
        None, description="A name from `/v1/styles`; the default one when left out."
    )
    strength: float = Field(
        DEFAULT_STRENGTH,
        ge=0,
        le=1,
        allow_inf_nan=False,
        description="0 (the photo) to 1 (the cartoon); 2 decimals count.",
    )
    size: int | None = Field(
        None,
        ge=MIN_SIZE_PX,
        le=MAX_SIZE_PX,
        description="Long side in pixels; the style's own when left out. Nothing is enlarged.",
    )
    format: PictureFormat = PictureFormat.JPEG
    quality: int = Field(DEFAULT_QUALITY, ge=1, le=100, description="`png` has none.")
    priority: Priority = Field(Priority.NORMAL, description="The order of your own jobs.")
    metadata: Json[Metadata] = Field(
        default_factory=dict,
        description=f"A JSON object of texts, {MAX_METADATA_ENTRIES} entries and "
        f"{MAX_METADATA_BYTES:,} bytes at most; comes back with the job.",
    )
    webhook_url: str | None = Field(
        None,
        min_length=1,
        max_length=MAX_URL_BYTES,
        description="Where the end is told: http or https, port 80 or 443, a public address.",
        json_schema_extra={"format": "uri"},
    )

    @field_validator("metadata", mode="before")
    @classmethod
    def _bounded(cls, value: object) -> object:
        """Refuse long texts before they are parsed."""
        if isinstance(value, str) and len(value.encode()) > MAX_METADATA_BYTES:
            raise ValueError(f"Send at most {MAX_METADATA_BYTES} bytes of JSON.")
        return value
