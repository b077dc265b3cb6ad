"""A progress line: a bar that is drawn over itself on a terminal, one plain line elsewhere."""

import sys
import time
from typing import Final

_WIDTH: Final = 30
_REDRAW_S: Final = 0.1
_UNITS: Final = ("B", "kB", "MB", "GB")
_STEP: Final = 1000


def in_units(size_bytes: int) -> str:
    """Write a size for people: 8.6 MB."""
    size, unit = float(size_bytes), 0
    while size >= _STEP and unit < len(_UNITS) - 1:
        size, unit = size / _STEP, unit + 1
    return f"{size:.1f} {_UNITS[unit]}" if unit else f"{size_bytes} B"


class ProgressLine:
    """How far a file has come.

    Args:
        name: Of the file.
        total_bytes: Its size, where that is known.
    """

    def __init__(self, name: str, total_bytes: int | None) -> None:
        self.done_bytes = 0
        self._name = name
        self._total_bytes = total_bytes
        self._drawn_s = 0.0
        self._is_terminal = sys.stderr.isatty()

    def advance(self, size_bytes: int) -> None:
        """So many more bytes are here."""
        self.done_bytes += size_bytes
        now_s = time.monotonic()
        if self._is_terminal and now_s - self._drawn_s >= _REDRAW_S:
            self._drawn_s = now_s
            sys.stderr.write(f"\r{self.text()}")
            sys.stderr.flush()

    def text(self) -> str:
        """The line as it stands."""
        if not self._total_bytes:
            return f"    {self._name}  {in_units(self.done_bytes)}"
        share = min(1.0, self.done_bytes / self._total_bytes)
        bar = ("#" * round(share * _WIDTH)).ljust(_WIDTH, ".")
        return f"    {self._name}  [{bar}] {share:4.0%} of {in_units(self._total_bytes)}"

    def end(self, word: str) -> None:
        """Leave one line that stays."""
        clear = "\r\x1b[K" if self._is_terminal else ""
        sys.stderr.write(f"{clear}    {self._name}  {word}\n")
        sys.stderr.flush()
