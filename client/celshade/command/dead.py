"""`celshade dead`: what has failed for good on a server, for those who look after it."""

import argparse
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from celshade.client.client import Client
from celshade.client.errors import Refused
from celshade.command.exit_codes import DONE, SOME_FAILED
from celshade.command.json_output import failure, print_document
from celshade.command.messages import printable, sentence
from celshade.command.screen import say
from celshade.command.tables import PATIENCE, Listing, local_time


def dead(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """List the dead letters, retry some, or purge all; return the exit status."""
    with Client(options.url, options.api_key, retry=PATIENCE) as client:
        if options.purge:
            return _purge(client, options, out)
        if options.retry_all:
            # Read whole before the first is retried: each retry takes one out of the list.
            found = [letter.job_id for letter in client.dead_letters]
            return _retry(client, found, options, out, errors)
        if options.retry:
            return _retry(client, options.retry, options, out, errors)
        return _show(client, options, out)


def _purge(client: Client, options: argparse.Namespace, out: Console) -> int:
    purged = client.dead_letters.purge()
    if options.json:
        print_document(out, {"purged": purged})
    else:
        say(out, f"{purged} purged; the jobs stay as they are.")
    return DONE


def _show(client: Client, options: argparse.Namespace, out: Console) -> int:
    page = client.dead_letters.page(limit=options.limit)
    if options.json:
        print_document(out, {"data": [letter.raw for letter in page.letters]})
        return DONE
    headings = ("job", "caller", "style", "died", "attempts", "why")
    listing = Listing(out, headings, spare=("attempts", "died", "style", "caller"))
    for letter in page.letters:
        why = f"{letter.message} [{letter.code}]"
        if not letter.retryable:
            why += " Its photo is gone."
        died = local_time(letter.died_at)
        listing.row(letter.job_id, letter.caller, letter.style, died, str(letter.attempts), why)
    listing.show("Nothing is dead.")
    if page.next_cursor is not None:
        say(out, "There are more; --limit shows up to 100.")
    return DONE


def _retry(
    client: Client,
    job_ids: Iterable[str],
    options: argparse.Namespace,
    out: Console,
    errors: Console,
) -> int:
    """Retry each; one that cannot be stops no other."""
    told: list[dict[str, Any]] = []
    for job_id in job_ids:
        try:
            run = client.dead_letters.retry(job_id)
        except Refused as error:
            if not _concerns_one(error):
                raise
            told.append({"job": job_id, "run": None, "error": failure(error)})
            say(errors, f"celshade: {printable(job_id)}: {sentence(error)}")
        else:
            told.append({"job": job_id, "run": run, "error": None})
            if not options.json:
                say(out, f"{job_id}: run {run}")
    if options.json:
        print_document(out, {"data": told})
    return SOME_FAILED if any(each["error"] for each in told) else DONE


def _concerns_one(error: Refused) -> bool:
    return error.code in {"not_found", "not_retryable", "queue_full_for_key", "quota_exceeded"}
