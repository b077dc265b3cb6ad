"""Types that all schemas share: moments, ids, addresses. Pure.

Changes are additive: clients ignore fields that they do not know.
"""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, PlainSerializer, WithJsonSchema

from common.jobs import ID_PATTERN


def _iso(moment: datetime) -> str:
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


# For the OpenAPI document; these constraints are not checked in answers.
Moment = Annotated[
    datetime,
    PlainSerializer(_iso, return_type=str),
    WithJsonSchema({"type": "string", "format": "date-time"}),
]
Id = Annotated[str, WithJsonSchema({"type": "string", "pattern": ID_PATTERN})]
Sha256 = Annotated[str, WithJsonSchema({"type": "string", "pattern": "^[0-9a-f]{64}$"})]
Url = Annotated[str, WithJsonSchema({"type": "string", "format": "uri"})]


def moment(ms: int | None) -> datetime | None:
    """Convert milliseconds since the epoch to a moment in UTC."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)


class Body(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(frozen=True)
