"""The audit: what must be true of a job store and its object store whenever nobody is at work.

Every key is known, every object is named by somebody, and what refers to a job or a render refers
to one that is there. Looks at the real databases and changes nothing.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import redis

from common.jobs import OPEN
from common.jobstore.redis_keys import PREFIX, owner_of
from common.objects.base import ObjectStore

# Celery's own: a list per line, and what is taken but not yet acknowledged.
_HINTS = re.compile(rf"{PREFIX}(line\.[^:]+|_kombu\.binding.*|unacked(_index|_mutex)?)")
_OPEN = {str(status) for status in OPEN}


def audit(redis_url: str, objects: ObjectStore) -> None:
    """Assert that nothing is left that the store cannot name, and that its books agree.

    Args:
        redis_url: The job store; its database holds nothing but Celshade's.
        objects: The object store beside it.

    Raises:
        AssertionError: Lists everything that is wrong.
    """
    with redis.Redis.from_url(redis_url, decode_responses=True) as connection:
        books = _Books(connection)
        doomed = books.doomed()  # the keeper may delete what is listed now
        faults = [
            *books.nameless_keys(),
            *books.nameless_objects(set(objects.list_names()), doomed),
            *books.dangling_references(),
            *books.wrong_counters(),
        ]
    assert not faults, "\n".join(faults)


class _Books:
    """The keys of one database, read once."""

    def __init__(self, connection: Any) -> None:  # the answers' types depend on its decoding
        self._redis = connection
        self._keys = sorted(set(connection.scan_iter("*", count=1000)))
        self._jobs = {
            key.removeprefix(f"{PREFIX}job:"): connection.hgetall(key)
            for key in self._keys_of("job:")
        }

    def nameless_keys(self) -> Iterator[str]:
        """Yield keys that no pattern owns, or that are of another type than theirs."""
        for key in self._keys:
            pattern = owner_of(key)
            if pattern is None:
                if not _HINTS.fullmatch(key):
                    yield f"nobody owns the key {key}"
            elif (kind := self._redis.type(key)) not in (pattern.kind, "none"):
                yield f"{key} is a {kind}, not a {pattern.kind}"

    def doomed(self) -> set[str]:
        """Return the objects that are to be deleted."""
        return {name for zset in ("doomed", "deleting") for name in self._zset(zset)}

    def nameless_objects(self, stored: set[str], doomed_before: set[str]) -> Iterator[str]:
        """Yield objects without a holder that are not to be deleted, and holders of nothing.

        Args:
            stored: What was stored a moment ago.
            doomed_before: What was doomed before that look.
        """
        held = {key.removeprefix(f"{PREFIX}holders:") for key in self._keys_of("holders:")}
        doomed = self.doomed()
        nameless = stored - held - doomed - doomed_before
        yield from (f"nobody names the object {name}" for name in sorted(nameless))
        yield from (f"{name} is held and is not there" for name in sorted(held - stored))
        yield from (f"{name} is held and doomed" for name in sorted(held & doomed))

    def dangling_references(self) -> Iterator[str]:
        """Yield what refers to a job or a render that is not there."""
        keys = set(self._keys)
        renders = {key.removeprefix(f"{PREFIX}render:")[:32] for key in self._keys_of("render:")}
        images = {key.removeprefix(f"{PREFIX}image:") for key in self._keys_of("image:")}
        holders = {"j": set(self._jobs), "r": renders, "i": images}
        for held in self._keys_of("holders:"):
            for member in self._redis.smembers(held):
                kind, _, name = member.partition(":")
                if name not in holders[kind]:
                    yield f"{held} is held by {member}, which is not there"
        for attached in self._keys_of("attached:"):
            if attached.replace(":attached:", ":render:") not in keys:
                yield f"{attached} belongs to no render"
            yield from self._missing(attached, self._redis.smembers(attached), are_open=True)
        for listed in [*self._keys_of("images:"), f"{PREFIX}images"]:
            for image in set(self._redis.zrange(listed, 0, -1)) - images:
                yield f"{listed} names the image {image}, which is not there"
        yield from self._broken_batches()
        yield from self._broken_webhooks()
        for listed in self._keys_of("jobs:"):
            yield from self._missing(listed, self._redis.zrange(listed, 0, -1))
        yield from self._missing("deadlines", self._zset("deadlines"), are_open=True)
        for index in ("expiries", "forgets", "dead"):
            yield from self._missing(index, self._zset(index), are_open=False)

    def _broken_batches(self) -> Iterator[str]:
        """Yield batches and jobs that do not name each other."""
        items = {key.removeprefix(f"{PREFIX}items:") for key in self._keys_of("items:")}
        batches = {key.removeprefix(f"{PREFIX}batch:") for key in self._keys_of("batch:")}
        yield from (f"items of {batch}, which is not there" for batch in sorted(items - batches))
        for batch in set(self._zset("receiving")) - batches:
            yield f"receiving names the batch {batch}, which is not there"
        for job_id, job in self._jobs.items():
            if job.get("batch") in batches:
                text = self._redis.hget(f"{PREFIX}items:{job['batch']}", job["item"])
                if text is None or json.loads(text).get("job") != job_id:
                    yield f"the job {job_id} is not the item its batch names"

    def _broken_webhooks(self) -> Iterator[str]:
        """Yield events that nobody will send, and what is due and is not there."""
        events = {
            key.removeprefix(f"{PREFIX}webhook:"): self._redis.hgetall(key)
            for key in self._keys_of("webhook:")
        }
        waiting = {id_ for id_, event in events.items() if event.get("status") == "waiting"}
        due = {id_ for key in self._keys_of("webhooks_due:") for id_ in self._zset_at(key)}
        yield from (f"the event {id_} waits and is not due" for id_ in sorted(waiting - due))
        yield from (f"the event {id_} is due and does not wait" for id_ in sorted(due - waiting))
        turns = set(self._zset("webhooks_callers"))
        callers = {events[id_]["caller"] for id_ in waiting}
        yield from (f"the events of {caller} have no turn" for caller in sorted(callers - turns))

    def wrong_counters(self) -> Iterator[str]:
        """Yield counters that differ from what they count."""
        states = Counter(job["status"] for job in self._jobs.values())
        open_jobs = Counter(job["caller"] for job in self._jobs.values() if job["status"] in _OPEN)
        for name, counted in (("states", states), ("open", open_jobs)):
            noted = {k: int(v) for k, v in self._redis.hgetall(f"{PREFIX}{name}").items()}
            if {k: v for k, v in noted.items() if v} != dict(counted):
                yield f"{name} says {noted}, and there are {dict(counted)}"

    def _keys_of(self, beginning: str) -> list[str]:
        return [key for key in self._keys if key.startswith(f"{PREFIX}{beginning}")]

    def _zset(self, name: str) -> list[str]:
        return self._zset_at(f"{PREFIX}{name}")

    def _zset_at(self, key: str) -> list[str]:
        members: list[str] = self._redis.zrange(key, 0, -1)
        return members

    def _missing(
        self, where: str, ids: list[str] | set[str], *, are_open: bool | None = None
    ) -> Iterator[str]:
        """Yield jobs that are not there, or are not (or no longer) open as they should be."""
        for job_id in sorted(ids):
            job = self._jobs.get(job_id)
            if job is None:
                yield f"{where} names the job {job_id}, which is not there"
            elif are_open is not None and (job["status"] in _OPEN) != are_open:
                yield f"{where} names the job {job_id}, which is {job['status']}"
