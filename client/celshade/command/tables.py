"""Tables: how lists are shown; also `celshade styles`, which is only a table."""

import argparse
from collections.abc import Sequence
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from celshade.client.client import Client
from celshade.client.retry import RetryPolicy
from celshade.command.exit_codes import DONE
from celshade.command.json_output import print_document
from celshade.command.messages import printable

# The user waits for a table, so there are few retries.
INTERACTIVE_RETRY = RetryPolicy(retries=2)
# The least room in which sentences can be read.
_LAST_WIDTH = 24
_GAP = 3


def styles(options: argparse.Namespace, out: Console, _: Console) -> int:
    """List the styles; return the exit status."""
    with Client(options.url, options.api_key, retry=INTERACTIVE_RETRY) as client:
        offered = client.styles()
    if options.json:
        print_document(out, {"data": [style.raw for style in offered]})
        return DONE
    listing = Listing(out, ("style", "title", "description"), spare=("title",))
    for style in offered:
        name = f"{style.name} (default)" if style.is_default else style.name
        listing.row(name, style.title, style.description)
    listing.show("No worker has offered a style yet.")
    return DONE


def local_time(moment: datetime | None) -> str | None:
    """Write a moment in local time."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" if moment else None


class Listing:
    """A table that fits: on a narrow terminal the least important columns are left out.

    Args:
        out: Where it is printed; a pipe has room for everything.
        headings: One for each column; the last one may be folded.
        spare: Headings of the columns that may be left out, the least important first.
    """

    def __init__(self, out: Console, headings: Sequence[str], spare: Sequence[str] = ()) -> None:
        self._out = out
        self._headings = headings
        self._spare = spare
        self._rows: list[list[str]] = []

    def row(self, *cells: str | None) -> None:
        """Add a row as it is: the server's words are no markup."""
        self._rows.append([printable(cell or "") for cell in cells])

    def show(self, nothing: str) -> None:
        """Print it, or a sentence when it has no rows."""
        if not self._rows:
            self._out.print(Text(nothing))
        elif self._out.is_terminal:
            self._out.print(self._fitting())
        else:
            for row in [list(self._headings), *self._rows]:
                self._out.file.write("\t".join(row) + "\n")  # printed, tabs would become spaces

    def _fitting(self) -> Table:
        left_out: set[str] = set()
        for heading in self._spare:
            if self._least_width(left_out) <= self._out.width:
                break
            left_out.add(heading)
        return self._table(left_out)

    def _least_width(self, left_out: set[str]) -> int:
        """Add up what the columns need, each with its gap, the last one for sentences."""
        columns = zip(self._headings, zip(*self._rows, strict=True), strict=True)
        widths = [
            max(cell_len(cell) for cell in (heading, *cells))
            for heading, cells in columns
            if heading not in left_out
        ]
        if self._headings[-1] not in left_out:
            widths[-1] = min(widths[-1], _LAST_WIDTH)
        return sum(width + _GAP for width in widths)

    def _table(self, left_out: set[str]) -> Table:
        table = Table(box=SIMPLE_HEAD, pad_edge=False)
        for heading in self._headings:
            is_last = heading == self._headings[-1]
            if heading not in left_out:
                table.add_column(heading, no_wrap=not is_last, overflow="fold")
        for row in self._rows:
            pairs = zip(self._headings, row, strict=True)
            table.add_row(*(Text(cell) for heading, cell in pairs if heading not in left_out))
        return table
