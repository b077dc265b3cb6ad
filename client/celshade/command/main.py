"""Entry point of the `celshade` command: environment and terminal in, exit code out.

No `CelshadeError` and no Ctrl-C is shown as a traceback.
"""

import argparse
import os
import sys
from collections.abc import Callable, Sequence

from rich.console import Console

from celshade.client import __version__
from celshade.client.errors import CelshadeError
from celshade.command.arguments import build_parser
from celshade.command.batch import batch
from celshade.command.dead import dead
from celshade.command.doctor import doctor
from celshade.command.exit_codes import INTERRUPTED, exit_code_of
from celshade.command.jobs import jobs
from celshade.command.messages import error_text, hint
from celshade.command.render import render
from celshade.command.screen import say
from celshade.command.tables import styles
from celshade.command.watch import watch

_COMMANDS: dict[str, Callable[[argparse.Namespace, Console, Console], int]] = {
    "render": render,
    "batch": batch,
    "watch": watch,
    "styles": styles,
    "jobs": jobs,
    "doctor": doctor,
    "dead": dead,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; `arguments` are the process' own when None. Returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is no reason to stop.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # real files here
    options = build_parser(os.environ, __version__).parse_args(arguments)
    out, errors = Console(), Console(stderr=True)
    try:
        return _COMMANDS[options.command](options, out, errors)
    except KeyboardInterrupt:
        say(errors, "celshade: stopped.")
        return INTERRUPTED
    except CelshadeError as error:
        advice = hint(error, has_key=bool(options.api_key))
        say(errors, f"celshade: {error_text(error)}" + (f"\n{advice}" if advice else ""))
        return exit_code_of(error)
