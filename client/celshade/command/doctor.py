"""`celshade doctor`: checks everything between this machine and a picture."""

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
from celshade.command.check_results import CheckResult, CheckStatus, bad
from celshade.command.download_check import check_latest_picture, check_rendering
from celshade.command.exit_codes import DONE, NO_SERVER, SOME_FAILED
from celshade.command.json_output import print_document
from celshade.command.messages import error_text, hint
from celshade.command.screen import say
from celshade.command.server_checks import FATAL, SERVER, ServerChecks

_TIMEOUT_S = 10.0
_ONCE = RetryPolicy(retries=0)
_MARKS = {
    CheckStatus.GOOD: ("\N{CHECK MARK}", "green"),
    CheckStatus.BAD: ("\N{BALLOT X}", "red"),
    CheckStatus.NOTE: ("\N{EN DASH}", "dim"),
}
_LOOK_THERE = "Open that address in a browser: is it the server you mean?"
_NAME_WIDTH = 10
_LEAST_WIDTH = 20


def doctor(options: argparse.Namespace, out: Console, _: Console) -> int:
    """Check a server from here; return the exit code.

    Raises:
        UnusableSettings: The address or the key cannot be used.
    """
    results: list[CheckResult] = []
    exit_code = DONE
    for result in _results(options):
        results.append(result)
        if not options.json:
            _show(result, out)
    if any(result.status is CheckStatus.BAD for result in results):
        is_fatal = results[-1].name in FATAL and results[-1].status is CheckStatus.BAD
        exit_code = NO_SERVER if is_fatal else SOME_FAILED
    if options.json:
        checks = [
            {
                "name": result.name,
                "verdict": result.status.value,
                "text": result.text,
                "advice": result.advice or None,
            }
            for result in results
        ]
        print_document(out, {"healthy": exit_code == DONE, "checks": checks})
    return exit_code


def _results(options: argparse.Namespace) -> Iterator[CheckResult]:
    """Run one check after the other; one that makes the rest pointless comes last."""
    with Transport(
        options.url, options.api_key, timeout_s=_TIMEOUT_S, policy=_ONCE, sleep=time.sleep
    ) as http:
        server = ServerChecks(http, has_key=bool(options.api_key))
        try:
            yield from server.results()
        except CelshadeError as error:
            yield bad(SERVER, error_text(error), hint(error, has_key=True) or _LOOK_THERE)
            return
    if server.may_submit:
        with Client(options.url, options.api_key, _TIMEOUT_S) as client:
            yield from (
                check_rendering(client) if options.render else (check_latest_picture(client),)
            )


def _show(result: CheckResult, out: Console) -> None:
    """Print a result: its mark, its name, and beside them its text and advice, wrapped."""
    mark, colour = _MARKS[result.status]
    indent = " " * (_NAME_WIDTH + 3)
    width = max(_LEAST_WIDTH, out.width - len(indent))
    text_lines = textwrap.wrap(result.text, width, break_long_words=False)
    advice_lines = textwrap.wrap(
        result.advice, width, initial_indent="\N{RIGHTWARDS ARROW} ", subsequent_indent="  "
    )
    first, *rest = [*text_lines, *advice_lines]
    say(out, Text.assemble((mark, colour), f" {result.name:<{_NAME_WIDTH}} {first}"))
    for line in rest:
        say(out, Text(f"{indent}{line}"))
