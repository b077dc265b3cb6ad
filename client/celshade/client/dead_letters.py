"""Dead letters, for operators: jobs of all callers that failed permanently.

Needs a key with the scope `admin`, or a server without keys on this machine.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celshade.client.json_fields import Fields
from celshade.client.transport import Transport, read_json

_PAGE = 100  # the most that a server gives at once


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """One entry of the list.

    Attributes:
        job_id: The job.
        caller: Whose it is.
        render_key: Finds the attempts in the workers' logs.
        attempts: How often it was tried.
        code: Stable code of the last attempt's failure.
        retryable: Whether the server still has its photo.
        raw: The whole object as it came.
    """

    job_id: str
    caller: str
    style: str
    render_key: str | None
    attempts: int
    code: str
    message: str
    died_at: datetime | None
    retryable: bool
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class DeadLetterPage:
    """A page of the list, newest first; `next_cursor` is None on the last."""

    letters: tuple[DeadLetter, ...]
    next_cursor: str | None


class DeadLetters:
    """The list of one server. Raises what every method of `Client` raises."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def page(self, cursor: str | None = None, limit: int | None = None) -> DeadLetterPage:
        """List a page, newest first."""
        query = {"cursor": cursor, "limit": limit}
        params = {name: str(value) for name, value in query.items() if value is not None}
        response = self._http.call("GET", self._url(), params=params)
        page = Fields(read_json(response), "list of dead letters")
        letters = tuple(_read(value) for value in page.objects("data"))
        return DeadLetterPage(letters, page.optional_text("next_cursor"))

    def __iter__(self) -> Iterator[DeadLetter]:
        """Go through the whole list, a page at a time."""
        cursor = None
        while True:
            page = self.page(cursor, _PAGE)
            yield from page.letters
            cursor = page.next_cursor
            if cursor is None:
                return

    def retry(self, job_id: str) -> int:
        """Begin the next run of a dead job, which stays its caller's; returns the run's number."""
        response = self._http.call("POST", self._url(job_id, "retry"), repeatable=False)
        return Fields(read_json(response), "retried job").integer("run") or 0

    def purge(self, job_id: str | None = None, *, older_than_s: int | None = None) -> int:
        """Take letters out of the list, all of them or some; the jobs stay. Returns how many."""
        segments = () if job_id is None else (job_id,)
        params = None if older_than_s is None else {"older_than_seconds": str(older_than_s)}
        response = self._http.call("DELETE", self._url(*segments), params=params, repeatable=False)
        return Fields(read_json(response), "answer").integer("purged") or 0

    def _url(self, *segments: str) -> str:
        return self._http.url("v1", "admin", "dead", *segments)


def _read(value: object) -> DeadLetter:
    letter = Fields(value, "dead letter")
    return DeadLetter(
        job_id=letter.text("job_id"),
        caller=letter.text("caller"),
        style=letter.text("style"),
        render_key=letter.optional_text("render_key"),
        attempts=letter.integer("attempts") or 0,
        code=letter.text("code"),
        message=letter.optional_text("message") or "",
        died_at=letter.time("died_at"),
        retryable=letter.flag("retryable"),
        raw=letter.values,
    )
