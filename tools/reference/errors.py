"""Writes the reference page of the errors: each stable code, its cause, and what to do.

    python -m tools.reference.errors > docs/errors.md

Statuses and usual sentences are those of the code; a unit test holds `docs/errors.md` against this
page, and this page against the tree of errors: no code is missing, and none is made up.
"""

import sys
from collections.abc import Iterator
from typing import TypeVar

from api.http.problems import STATUSES
from common.errors import CelshadeError, RenderError
from tools.reference.error_advice import ANSWERS, GAPS, JOBS, Advice

Error = TypeVar("Error", bound=CelshadeError)
TREE = "common.errors"

HEAD = """\
# Errors

An answer that is no success is `application/problem+json` ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)):

```json
{"type": "about:blank", "title": "Unprocessable Entity", "status": 422,
 "detail": "strength: Send a finite number.", "instance": "/v1/jobs", "code": "invalid_param",
 "errors": [{"field": "strength", "message": "Send a finite number."}],
 "request_id": "b442af56e4ffec09"}
```

Go by `code`: it is stable, and this page has all of them. `detail` is for people, and may be worded
better tomorrow. `errors` names the fields at fault. Quote `request_id` when you ask for help: it
finds the request in the server's log.

In general: a 4xx is about your request, and comes again when you send the same again, but for 408
and 429. A 503 is about the service, and passes: wait as long as `Retry-After` says, then send the
same again, with the same `Idempotency-Key`. The client does that by itself.

This page is made by `python -m tools.reference.errors > docs/errors.md`.

## Answers
"""
JOBS_HEAD = """
## Failed jobs

A job that ends without a picture is no HTTP error: `GET /v1/jobs/{id}` answers 200, with `status`
`failed` and an `error` of `code`, `message` and `retryable`. (`canceled` and `expired` jobs have
none: somebody canceled them, or their `Cancel-After` was over.) `retryable` says whether
`POST /v1/jobs/{id}/retry` may help. In webhooks it is the same.
"""
GAPS_HEAD = """
## Photos of batches, and gaps in archives

A photo that a batch cannot take is an item with an `error` and without a job. Its codes are those
of [answers](#answers); `retryable` tells those that lie in the moment. `manifest.json` in an
archive says of each picture that is missing why: the code of its job's error, or one of these.
"""
CLIENT = """
## The client's own

What `celshade --json` calls errors that no server has sent:

| code | |
|---|---|
| `server_unreachable` | nobody answered: is the address right, is the server up? |
| `bad_answer` | what answers is not a Celshade server, or a newer one |
| `http_502` and so on | something before the server answered: a proxy, a gateway |
| `download_failed` | the picture did not arrive whole, four times |
| `nothing_there` | none of an archive's jobs has a picture |
| `wait_timeout` | the job is still open after the time you gave; it goes on |
| `photo_unreadable`, `cannot_save` | this machine's disk |
| `not_from_server` | a webhook that the server has not signed, or an old one |
| `unusable_settings` | an address, a key, a style or a folder that cannot be |
"""


def page() -> str:
    """Return the whole page as Markdown."""
    answers = "".join(_answer(code, advice) for code, advice in ANSWERS.items())
    jobs = "".join(_cause(code, advice) for code, advice in JOBS.items())
    gaps = "".join(f"| `{code}` | {text} |\n" for code, text in GAPS.items())
    return f"{HEAD}{answers}{JOBS_HEAD}{jobs}{GAPS_HEAD}\n| code | |\n|---|---|\n{gaps}{CLIENT}"


def sentences(code: str) -> list[str]:
    """Return the usual sentences of a code's errors, each once."""
    found = [error.default for error in _tree(CelshadeError) if error.code == code]
    return list(dict.fromkeys(found))


def _answer(code: str, advice: Advice) -> str:
    status = STATUSES[code]
    said = "".join(f"\n> {sentence}\n" for sentence in sentences(code))
    return f"\n### {code}\n\n**{status.value} {status.phrase}**\n{said}{_told(advice)}"


def _cause(code: str, advice: Advice) -> str:
    kinds = [error for error in _tree(RenderError) if error.code == code]
    may_help = any(kind.retryable for kind in kinds)
    first = kinds[0].default
    retryable = "`retryable`" if may_help else "not `retryable`"
    return f"\n### {code} of a job\n\n**{retryable}**\n\n> {first}\n{_told(advice)}"


def _told(advice: Advice) -> str:
    return f"\n{advice.cause}\n\n**What to do:** {advice.what_to_do}\n"


def _tree(root: type[Error]) -> Iterator[type[Error]]:
    """Yield a class and all below it in the common tree; parts keep some to themselves."""
    yield root
    for child in root.__subclasses__():
        if child.__module__.startswith(TREE):
            yield from _tree(child)


if __name__ == "__main__":
    sys.stdout.write(page())
