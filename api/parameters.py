"""Parameters: what may be asked of a picture and of a list, validated. Pure.

Texts come in as form fields or query; what goes out is typed and within its range. Every fault is
reported, each under its field.
"""

from collections.abc import Mapping
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, Json, ValidationError, field_validator

from common.errors import InvalidParam
from common.jobs import JobStatus, Priority
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
MAX_LIST = 100
CURSOR_PATTERN = r"^[0-9]{1,15}\.[0-9a-f]{32}$"
_MAX_NAME = 64  # of a field's name that is given back; more of it helps nobody

# Sentences instead of pydantic's own, by its kind of error.
_SENTENCES = {
    "extra_forbidden": "There is no such parameter.",
    "finite_number": "Send a finite number.",
    "float_parsing": "Send a number.",
    "int_parsing": "Send a whole number.",
    "int_from_float": "Send a whole number.",
    "json_invalid": "Send a JSON object whose values are strings.",
    "dict_type": "Send a JSON object whose values are strings.",
    "string_type": "Send a JSON object whose values are strings.",
}

Metadata = Annotated[
    dict[Annotated[str, Field(min_length=1)], Annotated[str, Field(strict=True)]],
    Field(max_length=MAX_METADATA_ENTRIES),
]


class InvalidParameters(InvalidParam):
    """Raised when one or more parameters are wrong.

    Attributes:
        faults: A field's name and a sentence, for each.
    """

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__(" ".join(f"{name}: {sentence}" for name, sentence in faults))
        self.faults = faults


class Fields(BaseModel):
    """Fields of a request; unknown ones are an error, so that a slip of the pen is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """Read the fields of a request.

        Raises:
            InvalidParameters: Names every fault.
        """
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            raise InvalidParameters(_faults(error)) from None


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
        """Refuse long texts before they are read."""
        if isinstance(value, str) and len(value.encode()) > MAX_METADATA_BYTES:
            raise ValueError(f"Send at most {MAX_METADATA_BYTES} bytes of JSON.")
        return value


class ListParameters(Fields):
    """What part of a caller's jobs is asked for."""

    status: JobStatus | None = None
    cursor: str | None = Field(
        None, pattern=CURSOR_PATTERN, description="`next_cursor` of the page before."
    )
    limit: int = Field(20, ge=1, le=MAX_LIST, description="Most entries of the page.")


def _faults(error: ValidationError) -> tuple[tuple[str, str], ...]:
    """Name each fault once, by its field."""
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(fault["loc"][0])[:_MAX_NAME] if fault["loc"] else "body"
        own = _SENTENCES.get(fault["type"])
        sentence = own or fault["msg"].removeprefix("Value error, ").rstrip(".") + "."
        faults.setdefault(name, sentence)
    return tuple(faults.items())
