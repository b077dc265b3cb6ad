"""`celshade jobs`: lists the caller's own jobs, shows one, cancels, retries and deletes some."""

import argparse
from collections.abc import Callable, Iterable
from itertools import islice

from rich.console import Console

from celshade.client.client import Client
from celshade.client.errors import CelshadeError, Refused
from celshade.client.jobs import Job
from celshade.command.exit_codes import DONE, SOME_FAILED
from celshade.command.json_output import error_json, print_document
from celshade.command.messages import (
    describe_job,
    error_text,
    format_duration,
    format_size,
    is_server_wide,
    printable,
)
from celshade.command.screen import say
from celshade.command.tables import INTERACTIVE_RETRY, Listing, local_time


def jobs(options: argparse.Namespace, out: Console, errors: Console) -> int:
    """Do what `celshade jobs` was asked; return the exit status."""
    with Client(options.url, options.api_key, retry=INTERACTIVE_RETRY) as client:
        match options.verb:
            case "show":
                return _show(client, options, out)
            case "cancel":
                return _for_each(options, client.cancel, out, errors)
            case "retry":
                return _for_each(options, client.retry, out, errors)
            case "delete":
                return _for_each(options, client.delete, out, errors)
        return _list(client, options, out)


def _list(client: Client, options: argparse.Namespace, out: Console) -> int:
    found = list(islice(client.jobs(status=options.status), options.limit))
    if options.json:
        print_document(out, {"data": [job.raw for job in found]})
        return DONE
    headings = ("job", "state", "style", "submitted", "cache", "what")
    listing = Listing(out, headings, spare=("cache", "submitted", "what", "style"))
    for job in found:
        when = local_time(job.created_at)
        listing.row(job.id, job.status, job.style, when, job.cache.status, _outcome(job))
    listing.show("There are no such jobs.")
    return DONE


def _show(client: Client, options: argparse.Namespace, out: Console) -> int:
    job = client.get(options.job)
    if options.json:
        print_document(out, job.raw)
        return DONE
    for name, value in _facts(job):
        if value:
            say(out, f"{name:<10} {printable(value)}")
    return DONE


def _facts(job: Job) -> Iterable[tuple[str, str | None]]:
    """Say what there is to know of a job, a line each."""
    params = job.params
    quality = "" if params.quality is None else f", quality {params.quality}"
    yield "job", job.id
    yield "state", job.status if job.is_terminal else f"{job.status}: {describe_job(job)}"
    yield (
        "asked",
        f"{job.style}, strength {params.strength}, {params.size} px, {params.format}{quality}",
    )
    yield "run", f"{job.run}, attempts {job.attempts}" if job.run > 1 or job.attempts > 1 else None
    yield "submitted", local_time(job.created_at)
    yield "started", local_time(job.started_at)
    yield "ended", local_time(job.completed_at)
    yield "cache", job.cache.status
    yield "picture", _outcome(job) if job.succeeded else None
    yield "took", _took(job)
    yield "kept until", local_time(job.expires_at)
    yield "error", f"{job.failure.message} [{job.failure.code}]" if job.failure else None
    yield "metadata", ", ".join(f"{name}={value}" for name, value in job.metadata.items())
    yield "link", str(job.urls.get("result") or "") if job.succeeded else None


def _took(job: Job) -> str | None:
    """Say how long each stage of the render took."""
    stages = [
        f"{name.removesuffix('_ms')} {format_duration(value / 1000)}"
        for name, value in job.stages_ms.items()
        if isinstance(value, int | float)
    ]
    return ", ".join(stages) or None


def _outcome(job: Job) -> str:
    """Say what became of a job, or is becoming."""
    if job.failure is not None:
        return job.failure.message
    if job.output is not None:
        length = f", {format_size(job.output.size_bytes)}" if job.output.size_bytes else ""
        return f"{job.output.width} x {job.output.height}, {job.output.content_type}{length}"
    return "" if job.is_terminal else describe_job(job)


def _for_each(
    options: argparse.Namespace,
    action: Callable[[str], object],
    out: Console,
    errors: Console,
) -> int:
    """Do something to each job; one where it cannot be done stops no other."""
    results = []
    for job_id in options.jobs:
        error: CelshadeError | None = None
        try:
            done = action(job_id)
            status = done.status if isinstance(done, Job) else "deleted"
        except Refused as refused:
            if is_server_wide(refused):
                raise
            error, status = refused, "refused"
            say(errors, f"celshade: {printable(job_id)}: {error_text(refused)}")
        else:
            if not options.json:
                say(out, f"{printable(job_id)}: {printable(status)}")
        results.append({"job": job_id, "status": status, "error": error and error_json(error)})
    if options.json:
        print_document(out, {"data": results})
    return SOME_FAILED if any(result["error"] for result in results) else DONE
