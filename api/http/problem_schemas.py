"""Problem schemas: the body of every error response (RFC 9457). Pure."""

from typing import Literal

from pydantic import Field

from common.schemas.base import Body


class FaultBody(Body):
    """What is wrong with one field of a request."""

    field: str
    message: str


class ProblemBody(Body):
    """Why a request was not served."""

    type: Literal["about:blank"] = "about:blank"
    title: str = Field(description="The status in words.")
    status: int
    detail: str = Field(description="A sentence for its reader.")
    instance: str = Field(description="The path that was asked for.")
    code: str = Field(description="Stable; go by it.")
    errors: list[FaultBody] = Field(description="The fields at fault, where it is about fields.")
    request_id: str | None = Field(description="As `X-Request-Id`; quote it when you ask for help.")
