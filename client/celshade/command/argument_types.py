"""Argument types: values of the command line, each with an error message that explains. Pure."""

import argparse
from collections.abc import Callable

_HOUR_S = 3600.0


def strength(text: str) -> float:
    """Read a number from 0 to 1."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 1")
    return value


def seconds(text: str) -> float:
    """Read a pause, from none to an hour."""
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= _HOUR_S:
        raise argparse.ArgumentTypeError(
            f"'{text}' is not a number of seconds from 0 to {_HOUR_S:g}"
        )
    return value


def picture_format(text: str) -> str:
    """Read the name of a format."""
    value = {"jpg": "jpeg"}.get(text.lower(), text.lower())
    if value not in {"jpeg", "png", "webp"}:
        raise argparse.ArgumentTypeError(f"'{text}' is none of jpeg, png, webp")
    return value


def whole_number(least: int, most: int) -> Callable[[str], int]:
    """Make the reader of a whole number in a range, both ends included."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"'{text}' is not a whole number from {least} to {most}"
            )
        return value

    return read
