"""`celshade styles` and `celshade jobs`: what the server lists, as tables."""

import argparse
from datetime import datetime

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from celshade.client import Client
from celshade.command.wording import describe, printable
from celshade.jobs import Job
from celshade.retrying import RetryPolicy

# A table is asked for by somebody who sits and waits.
PATIENCE = RetryPolicy(retries=2)


def styles(options: argparse.Namespace, out: Console) -> int:
    """List the styles; return the exit status."""
    with Client(options.url, options.api_key, retry=PATIENCE) as client:
        offered = client.styles()
    table = new_table("style", "title", "description")
    for style in offered:
        name = f"{style.name} (default)" if style.is_default else style.name
        row(table, name, style.title, style.description)
    print_table(out, table, "No worker has offered a style yet.")
    return 0


def jobs(options: argparse.Namespace, out: Console) -> int:
    """List the caller's own jobs, newest first; return the exit status."""
    with Client(options.url, options.api_key, retry=PATIENCE) as client:
        page = client.list(status=options.status, limit=options.limit)
    table = new_table("job", "state", "style", "submitted", "cache", "what")
    for job in page.jobs:
        when = local_time(job.created_at)
        row(table, job.id, job.status, job.style, when, job.cache.status, _what(job))
    print_table(out, table, "There are no such jobs.")
    return 0


def _what(job: Job) -> str:
    """Say what became of a job, or is becoming."""
    if job.failure is not None:
        return job.failure.message
    if job.output is not None:
        return f"{job.output.width} x {job.output.height}, {job.output.content_type}"
    return "" if job.is_terminal else describe(job)


def local_time(moment: datetime | None) -> str | None:
    """Write a moment as the clock on the wall here shows it."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M:%S}" if moment else None


def new_table(*headings: str) -> Table:
    """Begin a table; names of jobs and styles are never cut."""
    table = Table(box=SIMPLE_HEAD, pad_edge=False)
    for heading in headings:
        table.add_column(heading, no_wrap=heading in {"job", "style"}, overflow="fold")
    return table


def row(table: Table, *cells: str | None) -> None:
    """Add a row as it is: the server's words are no markup."""
    table.add_row(*(Text(printable(cell or "")) for cell in cells))


def print_table(out: Console, table: Table, nothing: str) -> None:
    """Print a table, or a sentence when it has no rows."""
    out.print(table if table.row_count else Text(nothing))
