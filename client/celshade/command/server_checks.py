"""The examination of a server by `celshade doctor`: one question after the other, each a finding.

Asks what any caller may ask and changes nothing.
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
from celshade.command.check_results import Finding, bad, good, note
from celshade.command.messages import duration, printable, sentence

# Signed links and webhooks count in minutes; a clock this far off will meet them sooner or later.
_MOST_SKEW_S = 30.0

SERVER, KEY = "server", "key"
# Findings after which, when they are bad, nothing more can be asked.
ENDING = frozenset({SERVER, KEY})


class ServerChecks:
    """The questions about one server.

    Args:
        http: Asks each once.
        has_key: Whether a key is sent.

    Attributes:
        is_welcome: Whether photos may be submitted; known after the findings.
    """

    def __init__(self, http: Transport, *, has_key: bool) -> None:
        self._http = http
        self._has_key = has_key
        self.is_welcome = False

    def findings(self) -> Iterator[Finding]:
        """Ask the questions that need no job.

        Raises:
            CelshadeError: The server as a whole is no use; nothing else can be asked.
        """
        yield from self._reach()
        yield from self._ready()
        yield from self._version()
        finding, usage = self._key()
        if usage is None:
            yield finding
            return
        self.is_welcome = True
        yield finding
        yield self._admin()
        yield from self._share(usage)
        yield from self._styles()
        yield from self._limits()

    def _reach(self) -> Iterator[Finding]:
        """Whether it answers, how fast, and what time it has."""
        begun_s = time.monotonic()
        asked = datetime.now(UTC)
        answer = self._http.call("GET", self._http.url("healthz"))
        took_s = time.monotonic() - begun_s
        if Fields(read_json(answer), "health").values.get("status") != "ok":
            raise BadAnswer(f"What answers at {self._http.origin} is not a Celshade server.")
        yield good(SERVER, f"{self._http.origin} answers in {max(1, round(took_s * 1000))} ms.")
        yield _clock(answer.headers.get("Date"), asked)

    def _ready(self) -> Iterator[Finding]:
        try:
            ready = Fields(read_json(self._ask("readyz")), "readiness")
        except Refused as error:
            advice = "Those who run the server find the cause in its log, and in /readyz."
            yield bad("parts", sentence(error), advice)
            return
        yield good("parts", "Job store and storage answer.")
        workers = ready.section("workers")
        count, starting = workers.integer("ready") or 0, workers.integer("starting") or 0
        if count:
            yield good("workers", f"{count} at work{f', {starting} starting' if starting else ''}.")
        else:
            told = f"None at work, {starting} starting." if starting else "None at work."
            yield bad("workers", told, "Start one: python -m worker. Until then jobs wait.")

    def _version(self) -> Iterator[Finding]:
        mine = __version__
        try:
            page = Fields(read_json(self._ask("openapi.json")), "description")
            theirs = page.section("info").optional_text("version") or "unknown"
        except (Refused, BadAnswer):
            yield note("version", f"This client is {mine}; the server does not tell.")
            return
        yield note("version", f"This client is {mine}; the server's API is {printable(theirs)}.")

    def _key(self) -> tuple[Finding, Usage | None]:
        """Whether the key may submit photos, and whose it is."""
        try:
            usage = read_usage(read_json(self._ask("v1", "usage")))
        except Refused as error:
            return _refused_key(error, has_key=self._has_key), None
        who = printable(usage.caller)
        if not self._has_key:
            return good(KEY, f"None is needed: you are '{who}'."), usage
        return good(KEY, f"It is that of '{who}', and may submit photos (scope jobs)."), usage

    def _admin(self) -> Finding:
        try:
            self._http.call("GET", self._http.url("v1", "admin", "dead"), params={"limit": "1"})
        except Refused as error:
            if error.status not in {HTTPStatus.FORBIDDEN, HTTPStatus.UNAUTHORIZED}:
                return bad("admin", sentence(error), "Try again in a moment.")
            return note("admin", "Not for you: 'celshade dead' and /metrics need the scope admin.")
        return good("admin", "You may look after the service (scope admin).")

    def _share(self, usage: Usage) -> Iterator[Finding]:
        shares = (
            ("open jobs", usage.open_jobs, "Wait for some to end, or cancel some."),
            ("megapixels of today", usage.megapixels, "They begin anew at midnight UTC."),
        )
        for name, share, advice in shares:
            if share.left is not None and share.left <= 0:
                yield bad("share", f"Your {name} are used up: {share.limit:g}.", advice)
        if all(share.left is None or share.left > 0 for _, share, _ in shares):
            yield good("share", f"{usage.open_jobs.used:g} of your jobs are open.")

    def _styles(self) -> Iterator[Finding]:
        """Which styles there are, and whether anybody renders them."""
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

    def _limits(self) -> Iterator[Finding]:
        limits = read_limits(read_json(self._ask("v1", "limits")))
        if "image/heic" in limits.content_types:
            yield good("HEIC", "Photos of iPhones are read.")
        else:
            advice = "Send JPEG, or let the server have requirements/images.txt and CELSHADE_HEIF."
            yield note("HEIC", "Photos of iPhones (HEIC) are not read.", advice)

    def _ask(self, *path: str) -> httpx.Response:
        return self._http.call("GET", self._http.url(*path))


def _clock(date: str | None, asked: datetime) -> Finding:
    """Compare the clocks; the header is exact to a second."""
    try:
        theirs = parsedate_to_datetime(date or "")
    except ValueError:
        return note("clock", "The server does not tell the time.")
    apart_s = abs((theirs - asked).total_seconds())
    if apart_s <= _MOST_SKEW_S:
        return good("clock", "This machine and the server agree on the time.")
    late = "behind" if asked < theirs else "ahead of"
    return bad(
        "clock",
        f"This machine is {duration(round(apart_s))} {late} the server.",
        "Let both set their clocks by NTP: signed links and webhooks are held to minutes.",
    )


def _refused_key(error: Refused, *, has_key: bool) -> Finding:
    if error.status == HTTPStatus.FORBIDDEN:
        return bad(KEY, sentence(error), "Ask for a key with the scope jobs.")
    if has_key:
        return bad(KEY, sentence(error), "Check CELSHADE_API_KEY: the key may be revoked.")
    return bad(KEY, sentence(error), "Put the key you were issued into CELSHADE_API_KEY.")


def _workers_of(style: Style) -> int:
    """Count the workers that serve a style."""
    return Fields(style.raw, "style").section("workers").integer("ready") or 0
