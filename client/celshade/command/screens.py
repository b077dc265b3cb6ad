"""Choice of the screen that a run is shown on."""

from rich.console import Console

from celshade.command.json_output import JsonScreen
from celshade.command.screen import LiveScreen, PlainScreen, Screen


def is_live(out: Console) -> bool:
    """Whether lines may move."""
    return out.is_terminal and not out.is_dumb_terminal


def open_screen(out: Console, errors: Console, photos: int, *, as_json: bool) -> Screen:
    """Choose JSON lines for a script, moving lines on a terminal, else plain ones.

    Args:
        out: Standard output.
        errors: Standard error.
        photos: How many there are; one has no line for all.
        as_json: Whether a script reads it.
    """
    if as_json:
        return JsonScreen(out, errors)
    return LiveScreen(out, errors, photos) if is_live(out) else PlainScreen(out, errors)
