"""`celshade dead`: the jobs that failed permanently on a server, for operators."""

import argparse
from collections.abc import Iterable
from typing import Any

from rich.console import Console

from celshade.client.client import Client
from celshade.client.errors import Refused
from celshade.command.exit_codes import DONE, SOME_FAILED
from celshade.command.json_output import error_json, print_document
from celshade.command.messages import error_text, printable
from celshade.command.screen import say
from celshade.command.tables import INTERACTIVE_RETRY, Listing, local_time


def dead(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """List the dead letters, retry some, or purge all; return the exit status."""
    with Client(options.url, options.api_key, retry=INTERACTIVE_RETRY) as client:
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
    results: list[dict[str, Any]] = []
    for job_id in job_ids:
        try:
            run = client.dead_letters.retry(job_id)
        except Refused as error:
            if not _affects_one_job(error):
                raise
            results.append({"job": job_id, "run": None, "error": error_json(error)})
            say(errors, f"celshade: {printable(job_id)}: {error_text(error)}")
        else:
            results.append({"job": job_id, "run": run, "error": None})
            if not options.json:
                say(out, f"{job_id}: run {run}")
    if options.json:
        print_document(out, {"data": results})
    return SOME_FAILED if any(result["error"] for result in results) else DONE


def _affects_one_job(error: Refused) -> bool:
    return error.code in {"not_found", "not_retryable", "queue_full_for_key", "quota_exceeded"}
