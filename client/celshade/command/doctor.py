"""`celshade doctor`: looks at all that lies between this machine and a picture."""

import argparse
import textwrap
import time
from collections.abc import Iterator

from rich.console import Console
from rich.text import Text

from celshade.client.client import Client
from celshade.client.errors import CelshadeError
from celshade.client.retry import RetryPolicy
from celshade.client.transport import Transport
from celshade.command.check_results import Finding, Verdict, bad
from celshade.command.download_check import fetch_latest, render_one
from celshade.command.exit_codes import DONE, NO_SERVER, SOME_FAILED
from celshade.command.json_output import print_document
from celshade.command.messages import hint, sentence
from celshade.command.screen import say
from celshade.command.server_checks import ENDING, SERVER, ServerChecks

_TIMEOUT_S = 10.0
_ONCE = RetryPolicy(retries=0)
_MARKS = {
    Verdict.GOOD: ("\N{CHECK MARK}", "green"),
    Verdict.BAD: ("\N{BALLOT X}", "red"),
    Verdict.NOTE: ("\N{EN DASH}", "dim"),
}
_LOOK_THERE = "Open that address in a browser: is it the server you mean?"
_NAME_WIDTH = 10
_LEAST_WIDTH = 20


def doctor(options: argparse.Namespace, out: Console, _: Console) -> int:
    """Examine a server from here; return the exit status.

    Raises:
        UnusableSettings: The address or the key cannot be used.
    """
    found: list[Finding] = []
    status = DONE
    for finding in _examine(options):
        found.append(finding)
        if not options.json:
            _show(finding, out)
    if any(finding.verdict is Verdict.BAD for finding in found):
        ends_it = found[-1].name in ENDING and found[-1].verdict is Verdict.BAD
        status = NO_SERVER if ends_it else SOME_FAILED
    if options.json:
        checks = [
            {
                "name": each.name,
                "verdict": each.verdict.value,
                "text": each.text,
                "advice": each.advice or None,
            }
            for each in found
        ]
        print_document(out, {"healthy": status == DONE, "checks": checks})
    return status


def _examine(options: argparse.Namespace) -> Iterator[Finding]:
    """Ask one question after the other; what makes the rest pointless comes last."""
    with Transport(
        options.url, options.api_key, timeout_s=_TIMEOUT_S, policy=_ONCE, sleep=time.sleep
    ) as http:
        examination = ServerChecks(http, has_key=bool(options.api_key))
        try:
            yield from examination.findings()
        except CelshadeError as error:
            yield bad(SERVER, sentence(error), hint(error, has_key=True) or _LOOK_THERE)
            return
    if examination.is_welcome:
        with Client(options.url, options.api_key, _TIMEOUT_S) as client:
            yield from render_one(client) if options.render else (fetch_latest(client),)


def _show(finding: Finding, out: Console) -> None:
    """Print a finding: its mark, its name, and beside them what there is to say, in lines."""
    mark, colour = _MARKS[finding.verdict]
    indent = " " * (_NAME_WIDTH + 3)
    width = max(_LEAST_WIDTH, out.width - len(indent))
    told = textwrap.wrap(finding.text, width, break_long_words=False)
    todo = textwrap.wrap(
        finding.advice, width, initial_indent="\N{RIGHTWARDS ARROW} ", subsequent_indent="  "
    )
    first, *rest = [*told, *todo]
    say(out, Text.assemble((mark, colour), f" {finding.name:<{_NAME_WIDTH}} {first}"))
    for line in rest:
        say(out, Text(f"{indent}{line}"))
