"""`celshade dead`: what has failed for good on a server, for those who look after it."""

import argparse
from collections.abc import Iterable

from rich.console import Console

from celshade.client import Client
from celshade.command.screen import say
from celshade.command.tables import PATIENCE, local_time, new_table, print_table, row
from celshade.command.wording import printable, sentence
from celshade.errors import Refused

SOME_FAILED = 1


def dead(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """List the dead letters, retry some, or purge all; return the exit status."""
    with Client(options.url, options.api_key, retry=PATIENCE) as client:
        if options.purge:
            say(out, f"{client.dead_letters.purge()} purged; the jobs stay as they are.")
            return 0
        if options.retry_all:
            # Read whole before the first is retried: each retry takes one out of the list.
            found = [letter.job_id for letter in client.dead_letters]
            return _retry(client, found, out, errors)
        if options.retry:
            return _retry(client, options.retry, out, errors)
        return _show(client, options.limit, out)


def _show(client: Client, limit: int, out: Console) -> int:
    page = client.dead_letters.page(limit=limit)
    table = new_table("job", "caller", "style", "died", "attempts", "why")
    for letter in page.letters:
        why = f"{letter.message} [{letter.code}]"
        if not letter.retryable:
            why += " Its photo is gone."
        died = local_time(letter.died_at)
        row(table, letter.job_id, letter.caller, letter.style, died, str(letter.attempts), why)
    print_table(out, table, "Nothing is dead.")
    if page.next_cursor is not None:
        say(out, "There are more; --limit shows up to 100.")
    return 0


def _retry(client: Client, job_ids: Iterable[str], out: Console, errors: Console) -> int:
    """Retry each; one that cannot be stops no other."""
    status = 0
    for job_id in job_ids:
        try:
            run = client.dead_letters.retry(job_id)
        except Refused as error:
            if not _concerns_one(error):
                raise
            say(errors, f"celshade: {printable(job_id)}: {sentence(error)}")
            status = SOME_FAILED
        else:
            say(out, f"{job_id}: run {run}")
    return status


def _concerns_one(error: Refused) -> bool:
    return error.code in {"not_found", "not_retryable", "queue_full_for_key", "quota_exceeded"}
