"""The door of the `celshade` command: environment and terminal in, exit status out.

No error of ours and no Ctrl-C ever shows as a traceback.
"""

import os
import sys
from collections.abc import Sequence

from rich.console import Console

import celshade
from celshade.command import tables
from celshade.command.arguments import build_parser
from celshade.command.dead import dead
from celshade.command.render import render
from celshade.command.screen import say
from celshade.command.wording import hint, sentence
from celshade.errors import CelshadeError, UnusableSettings

FAILED = 1
WRONG_USAGE = 2
INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; `arguments` are the process' own when None. Returns the exit status."""
    for stream in (sys.stdout, sys.stderr):
        # A name that the terminal's encoding lacks is no reason to stop.
        stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr] # real files here
    options = build_parser(os.environ, celshade.__version__).parse_args(arguments)
    out, errors = Console(), Console(stderr=True)
    try:
        if options.command == "render":
            return render(options, out, errors)
        if options.command == "dead":
            return dead(options, out, errors)
        return (tables.styles if options.command == "styles" else tables.jobs)(options, out)
    except KeyboardInterrupt:
        say(errors, "celshade: stopped.")
        return INTERRUPTED
    except CelshadeError as error:
        advice = hint(error, has_key=bool(options.api_key))
        say(errors, f"celshade: {sentence(error)}" + (f"\n{advice}" if advice else ""))
        return WRONG_USAGE if isinstance(error, UnusableSettings) else FAILED
