"""A benchmark's report: its tables as people read them and its figures as programs do. Pure."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Table:
    """Rows of finished texts under a title.

    Attributes:
        title: What is measured, one line.
        columns: Heads; the first column is words, the others are figures.
        rows: As many texts per row as there are columns.
        note: What a reader must know to read the figures.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]
    note: str = ""

    def markdown(self) -> str:
        """The table as Markdown, aligned so that it reads well in a terminal too."""
        lines = [self.columns, *self.rows]
        widths = [max(len(line[i]) for line in lines) for i in range(len(self.columns))]
        rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
        table = [_row(line, widths) for line in (self.columns, rule, *self.rows)]
        return "\n".join([f"**{self.title}**", "", *table, *(["", self.note] if self.note else [])])


@dataclass(frozen=True)
class Report:
    """What one benchmark found.

    Attributes:
        noun: Its name on the command line.
        tables: For people.
        figures: The same unrounded, for programs.
    """

    noun: str
    tables: Sequence[Table]
    figures: Mapping[str, Any] = field(default_factory=dict)

    def markdown(self) -> str:
        """All tables."""
        return "\n\n".join(table.markdown() for table in self.tables)

    def save(self, folder: Path, machine: Mapping[str, Any]) -> Path:
        """Write the figures, and the machine they belong to, as `NOUN.json` into a folder."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{self.noun}.json"
        content = {"machine": machine, "figures": self.figures}
        path.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
        return path


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value that a share of all (0 to 1) does not exceed; nearest rank."""
    ordered = sorted(values)
    return ordered[max(0, min(len(ordered) - 1, round(share * len(ordered)) - 1))]


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first = cells[0].ljust(widths[0])
    rest = (cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True))
    return f"| {' | '.join([first, *rest])} |"
