"""Writes the table of Redis keys from the patterns themselves.

    python -m tools.reference.redis_keys > docs/redis-keys.md

A unit test holds the page against it. Nothing here says anything about a key that
`common/jobstore/redis_keys.py` does not say.
"""

import sys

from common.jobstore.redis_keys import PATTERNS, PREFIX

HEAD = f"""\
# Keys in Redis

Every key the service keeps, whose it is and when it goes. What stands in braces names the owner: a
job, a caller, a render, a style version's line, a worker process, an object in the storage; keys
without braces belong to the service as a whole. All of them begin with `{PREFIX}`. Only the job
store's scripts (`common/jobstore/lua/`) write them, each verb atomically; times inside them are
milliseconds since the epoch by Redis' own clock. The figures are the defaults of
[the settings](configuration.md).

Celery keeps its hints under the same prefix: one list `line.<line>` for each style version, deleted
with its version, `_kombu.binding.*` beside them, and `unacked`, `unacked_index` and `unacked_mutex`
for hints that a worker has taken. They hold nothing that is not in the job store: all of them may
be deleted at any time, and the keeper sends what is missing again.

This page is made by `python -m tools.reference.redis_keys > docs/redis-keys.md`.

| key | type | holds | ends |
|---|---|---|---|
"""


def page() -> str:
    """Return the whole page as Markdown."""
    return HEAD + "".join(
        f"| `{found.pattern}` | {found.kind} | {found.holds} | {found.ends} |\n"
        for found in PATTERNS
    )


if __name__ == "__main__":
    sys.stdout.write(page())
