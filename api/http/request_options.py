"""Request options: fields in the form, query or JSON, and options in the headers.

Models derived from `Fields` validate the fields; every fault is reported under its field. Options
are `Cancel-After`, `Idempotency-Key`, `Cache-Control` and `Prefer: wait` (RFC 7240).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from flask import request
from pydantic import BaseModel, ConfigDict, ValidationError
from werkzeug.datastructures import Headers
from werkzeug.http import parse_cache_control_header

from common.errors import InvalidParam, MalformedRequest

MAX_LIST = 100  # most entries per page of a list
CURSOR_PATTERN = r"^[0-9]{1,15}\.[0-9a-f]{32}$"
_MAX_NAME = 64  # most characters of an echoed field name

# Messages in place of pydantic's own, by error type.
_MESSAGES = {
    "extra_forbidden": "There is no such parameter.",
    "finite_number": "Send a finite number.",
    "float_parsing": "Send a number.",
    "int_parsing": "Send a whole number.",
    "int_from_float": "Send a whole number.",
    "json_invalid": "Send a JSON object whose values are strings.",
    "dict_type": "Send a JSON object whose values are strings.",
    "string_type": "Send a JSON object whose values are strings.",
}
MAX_WAIT_S = 60
MAX_KEY_LENGTH = 255
_SECONDS = re.compile(r"[0-9]{1,9}")
_SPAN = re.compile(r"(?:([0-9]{1,6})h)?(?:([0-9]{1,6})m)?(?:([0-9]{1,9})s)?")
_KEY = re.compile(rf"[ -~]{{1,{MAX_KEY_LENGTH}}}")
_WAIT = re.compile(r"wait\s*=\s*\"?([0-9]{1,9})\"?")


class InvalidParameters(InvalidParam):
    """Raised when one or more parameters are wrong.

    Attributes:
        faults: Field names and messages.
    """

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__(" ".join(f"{name}: {message}" for name, message in faults))
        self.faults = faults


class Fields(BaseModel):
    """Fields of a request; unknown ones are an error, so that a typo is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """Validate the fields of a request.

        Raises:
            InvalidParameters: Lists every fault.
        """
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            raise InvalidParameters(_faults(error)) from None


def unique_query() -> dict[str, str]:
    """Return the query parameters, each of which may occur once."""
    for values in request.args.to_dict(flat=False).values():
        if len(values) > 1:
            raise MalformedRequest("A parameter was sent twice; send each once.")
    return request.args.to_dict()


@dataclass(frozen=True, slots=True)
class RequestOptions:
    """The options of a submission.

    Attributes:
        span_s: Seconds to its deadline.
        idempotency_key: The idempotency key.
        bypass: Whether to render without the cache (`no-cache`).
        only_if_cached: Whether to accept only a cached picture.
    """

    span_s: float
    idempotency_key: str | None
    bypass: bool
    only_if_cached: bool

    @classmethod
    def of(cls, headers: Headers, *, deadline_s: int) -> "RequestOptions":
        """Read the headers of a submission.

        Args:
            headers: The request's headers.
            deadline_s: The deadline without `Cancel-After`, and the longest with it, seconds.

        Raises:
            InvalidParam: One of them is invalid.
        """
        cancel_after = headers.get("Cancel-After")
        cache = parse_cache_control_header(headers.get("Cache-Control", "").lower())
        return cls(
            span_s=deadline_s if cancel_after is None else parse_span_s(cancel_after, deadline_s),
            idempotency_key=_idempotency_key(headers.get("Idempotency-Key")),
            bypass="no-cache" in cache,
            only_if_cached="only-if-cached" in cache,
        )


def parse_span_s(text: str, max_s: int) -> int:
    """Parse `30s`, `5m`, `2h`, `1h30m` or plain seconds.

    Raises:
        InvalidParam: It is malformed, zero, or longer than `max_s`.
    """
    text = text.strip().lower()
    seconds = 0
    if _SECONDS.fullmatch(text):
        seconds = int(text)
    elif found := _SPAN.fullmatch(text):
        hours, minutes, rest = (int(part or 0) for part in found.groups())
        seconds = hours * 3600 + minutes * 60 + rest
    if not 0 < seconds <= max_s:
        raise InvalidParam(
            f"Send Cancel-After like 30s, 5m or 2h: more than 0, at most {max_s}s.",
            field="Cancel-After",
        )
    return seconds


def parse_wait_s(headers: Headers) -> int | None:
    """Parse how long to wait for the end of a job, at most `MAX_WAIT_S` seconds.

    An unknown preference is ignored, as RFC 7240 requires; so is a wait of 0.
    """
    for header in headers.getlist("Prefer"):
        for preference in header.split(","):
            found = _WAIT.fullmatch(preference.partition(";")[0].strip().lower())
            if found:
                return min(int(found[1]), MAX_WAIT_S) or None
    return None


def _idempotency_key(text: str | None) -> str | None:
    if text is None or _KEY.fullmatch(text):
        return text
    raise InvalidParam(
        f"Send an Idempotency-Key of 1 to {MAX_KEY_LENGTH} printable ASCII characters.",
        field="Idempotency-Key",
    )


def _faults(error: ValidationError) -> tuple[tuple[str, str], ...]:
    """Return the first fault of each field."""
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(fault["loc"][0])[:_MAX_NAME] if fault["loc"] else "body"
        custom = _MESSAGES.get(fault["type"])
        message = custom or fault["msg"].removeprefix("Value error, ").rstrip(".") + "."
        faults.setdefault(name, message)
    return tuple(faults.items())
