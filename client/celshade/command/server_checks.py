"""Server checks of `celshade doctor`: one request after the other, each with a result.

They send only what any caller may send and change nothing.
"""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx

from celshade.client import __version__
from celshade.client.errors import BadAnswer, Refused
from celshade.client.json_fields import Fields
from celshade.client.service import Usage, read_limits, read_load, read_usage
from celshade.client.styles import Style, read_style
from celshade.client.transport import Transport, read_json
from celshade.command.check_results import CheckResult, bad, good, note
from celshade.command.messages import error_text, format_duration, printable

# Signed links and webhooks count in minutes; a clock this far off will meet them sooner or later.
_MAX_SKEW_S = 30.0

SERVER, KEY = "server", "key"
# Checks after which, when they are bad, nothing more can be asked.
FATAL = frozenset({SERVER, KEY})


class ServerChecks:
    """The checks of one server.

    Args:
        http: Sends each request once.
        has_key: Whether a key is sent.

    Attributes:
        may_submit: Whether photos may be submitted; known after the checks.
    """

    def __init__(self, http: Transport, *, has_key: bool) -> None:
        self._http = http
        self._has_key = has_key
        self.may_submit = False

    def results(self) -> Iterator[CheckResult]:
        """Run the checks that need no job.

        Raises:
            CelshadeError: The server cannot be used; nothing else can be checked.
        """
        yield from self._check_reachable()
        yield from self._check_readiness()
        yield from self._check_version()
        result, usage = self._check_key()
        if usage is None:
            yield result
            return
        self.may_submit = True
        yield result
        yield self._check_admin()
        yield from self._check_quota(usage)
        yield from self._check_styles()
        yield from self._check_limits()

    def _check_reachable(self) -> Iterator[CheckResult]:
        """Whether it answers, how fast, and what time it has."""
        started_s = time.monotonic()
        asked = datetime.now(UTC)
        response = self._http.call("GET", self._http.url("healthz"))
        took_s = time.monotonic() - started_s
        if Fields(read_json(response), "health").values.get("status") != "ok":
            raise BadAnswer(f"What answers at {self._http.origin} is not a Celshade server.")
        yield good(SERVER, f"{self._http.origin} answers in {max(1, round(took_s * 1000))} ms.")
        yield _check_clock(response.headers.get("Date"), asked)

    def _check_readiness(self) -> Iterator[CheckResult]:
        try:
            ready = Fields(read_json(self._ask("readyz")), "readiness")
        except Refused as error:
            advice = "Those who run the server find the cause in its log, and in /readyz."
            yield bad("parts", error_text(error), advice)
            return
        yield good("parts", "Job store and storage answer.")
        workers = ready.section("workers")
        count, starting = workers.integer("ready") or 0, workers.integer("starting") or 0
        if count:
            yield good("workers", f"{count} at work{f', {starting} starting' if starting else ''}.")
        else:
            text = f"None at work, {starting} starting." if starting else "None at work."
            yield bad("workers", text, "Start one: python -m worker. Until then jobs wait.")

    def _check_version(self) -> Iterator[CheckResult]:
        mine = __version__
        try:
            page = Fields(read_json(self._ask("openapi.json")), "description")
            theirs = page.section("info").optional_text("version") or "unknown"
        except (Refused, BadAnswer):
            yield note("version", f"This client is {mine}; the server does not tell.")
            return
        yield note("version", f"This client is {mine}; the server's API is {printable(theirs)}.")

    def _check_key(self) -> tuple[CheckResult, Usage | None]:
        """Whether the key may submit photos, and whose it is."""
        try:
            usage = read_usage(read_json(self._ask("v1", "usage")))
        except Refused as error:
            return _key_refused(error, has_key=self._has_key), None
        who = printable(usage.caller)
        if not self._has_key:
            return good(KEY, f"None is needed: you are '{who}'."), usage
        return good(KEY, f"It is that of '{who}', and may submit photos (scope jobs)."), usage

    def _check_admin(self) -> CheckResult:
        try:
            self._http.call("GET", self._http.url("v1", "admin", "dead"), params={"limit": "1"})
        except Refused as error:
            if error.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}:
                return bad("admin", error_text(error), "Try again in a moment.")
            return note("admin", "Not for you: 'celshade dead' and /metrics need the scope admin.")
        return good("admin", "You may look after the service (scope admin).")

    def _check_quota(self, usage: Usage) -> Iterator[CheckResult]:
        quotas = (
            ("open jobs", usage.open_jobs, "Wait for some to end, or cancel some."),
            ("megapixels of today", usage.megapixels, "They are reset at midnight UTC."),
        )
        for name, quota, advice in quotas:
            if quota.left is not None and quota.left <= 0:
                yield bad("share", f"Your {name} are used up: {quota.limit:g}.", advice)
        if all(quota.left is None or quota.left > 0 for _, quota, _ in quotas):
            yield good("share", f"{usage.open_jobs.used:g} of your jobs are open.")

    def _check_styles(self) -> Iterator[CheckResult]:
        """Which styles there are, and whether a worker renders them."""
        offered = Fields(read_json(self._ask("v1", "styles")), "styles").objects("data")
        styles = [read_style(value) for value in offered]
        if not styles:
            yield bad("styles", "No worker has ever offered one.", "Start one: python -m worker.")
            return
        served = [style for style in styles if _workers_of(style)]
        names = ", ".join(
            printable(style.name) + (" (default)" if style.is_default else "") for style in served
        )
        if served:
            yield good("styles", f"{names}.")
        idle = ", ".join(printable(style.name) for style in styles if not _workers_of(style))
        if idle:
            yield bad("styles", f"Without a worker: {idle}.", "Their jobs wait until one comes.")
        load = read_load(read_json(self._ask("v1", "queue")))
        yield note("queue", f"{load.waiting} waiting, {load.running} under way.")

    def _check_limits(self) -> Iterator[CheckResult]:
        limits = read_limits(read_json(self._ask("v1", "limits")))
        if "image/heic" in limits.content_types:
            yield good("HEIC", "Photos of iPhones are read.")
        else:
            advice = "Send JPEG, or let the server have requirements/images.txt and CELSHADE_HEIF."
            yield note("HEIC", "Photos of iPhones (HEIC) are not read.", advice)

    def _ask(self, *path: str) -> httpx.Response:
        return self._http.call("GET", self._http.url(*path))


def _check_clock(date: str | None, asked: datetime) -> CheckResult:
    """Compare the clocks; the header is exact to a second."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return note("clock", "The server does not tell the time.")
    skew_s = abs((theirs - asked).total_seconds())
    if skew_s <= _MAX_SKEW_S:
        return good("clock", "This machine and the server agree on the time.")
    late = "behind" if asked < theirs else "ahead of"
    return bad(
        "clock",
        f"This machine is {format_duration(round(skew_s))} {late} the server.",
        "Let both set their clocks by NTP: signed links and webhooks are held to minutes.",
    )


def _key_refused(error: Refused, *, has_key: bool) -> CheckResult:
    if error.status == HTTPStatus.FORBIDDEN:
        return bad(KEY, error_text(error), "Ask for a key with the scope jobs.")
    if has_key:
        return bad(KEY, error_text(error), "Check CELSHADE_API_KEY: the key may be revoked.")
    return bad(KEY, error_text(error), "Put the key you were issued into CELSHADE_API_KEY.")


def _workers_of(style: Style) -> int:
    """Count the workers that serve a style."""
    return Fields(style.raw, "style").section("workers").integer("ready") or 0
