"""Preflight checks: is the server there, are key and style accepted, can pictures be written?"""

import argparse
import os
from pathlib import Path

from celshade.client.client import Client
from celshade.client.errors import BadAnswer, CannotSave, Refused, UnusableSettings
from celshade.client.retry import RetryPolicy
from celshade.client.submission import SubmitOptions
from celshade.command.messages import is_server_wide, printable

# The user waits for the first request, so it is not repeated.
_CHECK_TIMEOUT_S = 10.0

# Those of `SubmitOptions` that change the picture.
PICTURE_OPTIONS = ("style", "strength", "size", "format", "quality")


def check_server(options: argparse.Namespace) -> None:
    """Find out, before anything is uploaded, whether the server is there and accepts the key.

    Raises:
        UnusableSettings: The address or the key cannot be used, or there is no such style.
        CelshadeError: The server cannot be used.
    """
    with Client(
        options.url, options.api_key, _CHECK_TIMEOUT_S, retry=RetryPolicy(retries=0)
    ) as client:
        try:
            offered = [style.name for style in client.styles()]
        except Refused as error:
            if is_server_wide(error):
                raise
            if error.is_foreign:
                raise BadAnswer(
                    f"What answers at {client.origin} is not a Celshade server."
                ) from error
            return  # busy, perhaps: submitting retries
    if options.style is not None and offered and options.style not in offered:
        names = ", ".join(sorted(printable(name) for name in offered))
        raise UnusableSettings(f"There is no style '{options.style}'; there are: {names}.")


def make_directory(out: Path) -> None:
    """Make the directory of the pictures, if it is missing.

    Raises:
        UnusableSettings: It is a file.
        CannotSave: It cannot be made, or not be written to.
    """
    try:
        out.mkdir(parents=True, exist_ok=True)
    except FileExistsError:
        raise UnusableSettings(f"'{out}' is a file; -o takes a directory.") from None
    except OSError as error:
        raise CannotSave(out, error.strerror or str(error)) from error
    if not os.access(out, os.W_OK | os.X_OK):
        raise CannotSave(out, "permission denied")


def submit_options(options: argparse.Namespace) -> SubmitOptions:
    """Pick what `Client.submit` and `Batches.submit` take from the command line."""
    return {
        "style": options.style,
        "strength": options.strength,
        "size": options.size,
        "format": options.format,
        "quality": options.quality,
        "priority": options.priority,
        "no_cache": options.no_cache,
    }
