"""`celshade styles` and `celshade jobs`: what the server lists, as tables."""

import argparse

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from celshade.client import Client
from celshade.command.wording import describe, printable
from celshade.jobs import Job
from celshade.retrying import RetryPolicy

# A table is asked for by somebody who sits and waits.
_PATIENCE = RetryPolicy(retries=2)


def styles(options: argparse.Namespace, out: Console) -> int:
    """List the styles; return the exit status."""
    with Client(options.url, options.api_key, retry=_PATIENCE) as client:
        offered = client.styles()
    table = _table("style", "title", "description")
    for style in offered:
        name = f"{style.name} (default)" if style.is_default else style.name
        _row(table, name, style.title, style.description)
    _print(out, table, "No worker has offered a style yet.")
    return 0


def jobs(options: argparse.Namespace, out: Console) -> int:
    """List the caller's own jobs, newest first; return the exit status."""
    with Client(options.url, options.api_key, retry=_PATIENCE) as client:
        page = client.list(status=options.status, limit=options.limit)
    table = _table("job", "state", "style", "submitted", "cache", "what")
    for job in page.jobs:
        created = job.created_at.astimezone() if job.created_at else None
        when = f"{created:%Y-%m-%d %H:%M:%S}" if created else None
        _row(table, job.id, job.status, job.style, when, job.cache.status, _what(job))
    _print(out, table, "There are no such jobs.")
    return 0


def _what(job: Job) -> str:
    """Say what became of a job, or is becoming."""
    if job.failure is not None:
        return job.failure.message
    if job.output is not None:
        return f"{job.output.width} x {job.output.height}, {job.output.content_type}"
    return "" if job.is_terminal else describe(job)


def _table(*headings: str) -> Table:
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading in {"job", "style"}, overflow="fold")
    return table


def _row(table: Table, *cells: str | None) -> None:
    """Add a row as it is: the server's words are no markup."""
    table.add_row(*(Text(printable(cell or "")) for cell in cells))


def _print(out: Console, table: Table, nothing: str) -> None:
    out.print(table if table.row_count else Text(nothing))
