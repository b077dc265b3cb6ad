"""File names from callers: how they are shown, and entry names for a ZIP. Pure.

A label is for people and JSON only. It is never part of a path, a header or a log line. Names in a
ZIP consist of [A-Za-z0-9._-].
"""

import re
import unicodedata
from collections.abc import Sequence

MAX_LABEL = 128
MAX_STEM = 80
NO_NAME = "photo"
_FOREIGN = re.compile(r"[^A-Za-z0-9._-]+")
# Windows opens devices under these names, whatever the extension.
_DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)


def file_label(file_name: str) -> str:
    """Return the label of an uploaded file: its base name, in one line, with limited length.

    Control characters and bidirectional marks (categories C*) are removed.
    """
    last = re.split(r"[/\\]", file_name)[-1]
    shown = "".join(" " if char.isspace() else char for char in last)
    shown = "".join(char for char in shown if not unicodedata.category(char).startswith("C"))
    return " ".join(shown.split())[:MAX_LABEL].strip() or NO_NAME


def entry_names(wanted: Sequence[tuple[str, str]], *, taken: Sequence[str] = ()) -> list[str]:
    """Name the entries of a ZIP, uniquely even on case-insensitive file systems.

    Args:
        wanted: For each entry a label, whose extension is dropped, and its extension.
        taken: Names already in use.

    Returns:
        Names in [A-Za-z0-9._-], in the same order; the second `sea.jpg` is `sea-2.jpg`.
    """
    used = {name.lower() for name in taken}
    names = []
    for text, extension in wanted:
        stem = _stem(text)
        name, number = f"{stem}.{extension}", 1
        while name.lower() in used:
            number += 1
            name = f"{stem}-{number}.{extension}"
        used.add(name.lower())
        names.append(name)
    return names


def _stem(text: str) -> str:
    """Return the safe part of a name, without its extension."""
    stem, _, ending = text.rpartition(".")
    plain = unicodedata.normalize("NFKD", stem or ending)
    plain = "".join(char for char in plain if not unicodedata.combining(char))
    clean = _FOREIGN.sub("-", plain).strip(".-_")[:MAX_STEM].strip(".-_")
    if not clean or _DEVICES.fullmatch(clean):
        return f"{NO_NAME}-{clean}" if clean else NO_NAME
    return clean
