"""Writes the reference page of the settings from the settings themselves.

    python -m tools.reference.settings > docs/configuration.md

The page is whole when it is current: a unit test holds `docs/configuration.md` against it. Nothing
here says anything about a setting that `common/settings.py` does not say.
"""

import inspect
import re
import sys
import typing
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal

from annotated_types import Ge, Gt, Le, Lt
from pydantic import SecretStr
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings

from common.settings import PREFIX, Settings

HEAD = """\
# Settings

Every process reads its settings from environment variables when it starts, and from nowhere else. A
process with a bad setting does not start; it names all faults at once. A variable that is not set
has the default given here; one that is set to nothing is a text of no letters, not the default.

`make up` and `make demo` set what the embedded stack needs by themselves. With Compose, put the
variables into `.env` ([operations](operations.md)).

This page is made by `python -m tools.reference.settings > docs/configuration.md`.
"""
FOOT = """
## The client

The `celshade` command and library know none of these. The command reads two variables of its own:

| variable | what it is |
|---|---|
| `CELSHADE_URL` | The server, when `--url` is left out. |
| `CELSHADE_API_KEY` | The API key, when `--api-key` is left out. |
"""
TABLE_HEAD = "| variable | default | value | what it is |\n|---|---|---|---|"
# Units stand at the end of a setting's name, as everywhere in the project.
UNITS = {"s": "seconds", "px": "pixels", "bytes": "bytes", "pixels": "pixels"}
KINDS = {
    int: "whole number",
    float: "number",
    bool: "`true` or `false`",
    Path: "path",
    str: "text",
    SecretStr: "secret text",
}


def page() -> str:
    """Return the whole page as Markdown."""
    return HEAD + "".join(_sections()) + FOOT


def groups() -> dict[str, list[str]]:
    """Return the names of the settings by the headings that stand over them in their source."""
    found: dict[str, list[str]] = {}
    heading = ""
    for line in _source():
        if title := re.fullmatch(r" {4}# --- (.+) ---", line):
            heading = title[1]
        name = re.match(r" {4}(\w+):", line)
        if name and name[1] in Settings.model_fields:
            found.setdefault(heading, []).append(name[1])
    return found


def _source() -> Iterator[str]:
    """Yield the lines that define the settings, those of their own class first."""
    for part in Settings.__mro__:
        if issubclass(part, BaseSettings) and part is not BaseSettings:
            yield from inspect.getsource(part).splitlines()


def _sections() -> Iterator[str]:
    """Yield one section for each group of settings."""
    for heading, names in groups().items():
        rows = "\n".join(_row(name, Settings.model_fields[name]) for name in names)
        yield f"\n## {heading}\n\n{TABLE_HEAD}\n{rows}\n"


def _row(name: str, field: FieldInfo) -> str:
    """Return a setting's row of the table."""
    cells = (f"`{PREFIX}{name.upper()}`", _default(field), _value(name, field), field.description)
    return "| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |"


def _default(field: FieldInfo) -> str:
    """Say what holds when the variable is not set."""
    default: Any = field.default
    if default is None or default == ():
        return "not set"
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    if isinstance(default, bool):
        return f"`{str(default).lower()}`"
    return f"`{default:g}`" if isinstance(default, float) else f"`{default}`"


def _value(name: str, field: FieldInfo) -> str:
    """Say what may stand in the variable: the choices, or the unit and the range."""
    kind = _kind(field)
    if typing.get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in typing.get_args(kind))
    word = UNITS.get(name.rpartition("_")[2], KINDS.get(kind, "text"))
    if kind is int and word != KINDS[int]:
        word = f"whole {word}"
    return ", ".join([word, *_bounds(field)])


def _kind(field: FieldInfo) -> Any:
    """Return the type of a setting that is set."""
    kind = field.annotation
    if isinstance(kind, UnionType):
        return next(part for part in typing.get_args(kind) if part is not type(None))
    return kind


def _bounds(field: FieldInfo) -> Iterator[str]:
    """Yield the ends of a setting's range."""
    for limit in field.metadata:
        match limit:
            case Ge(ge=least):
                yield f"at least {least}"
            case Gt(gt=below):
                yield f"over {below}"
            case Le(le=most):
                yield f"at most {most}"
            case Lt(lt=above):
                yield f"under {above}"


if __name__ == "__main__":
    sys.stdout.write(page())
