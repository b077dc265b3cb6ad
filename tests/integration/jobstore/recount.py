"""Recounts a whole job store from its raw keys: what must be true after every single script.

It knows the store's records and nothing of how the scripts keep them; it reads, it never writes.
"""

from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

import redis

from common import jobs
from common.jobstore.redis_keys import PREFIX, owner_of
from tests.integration.jobstore.builders import CLOCK_KEY

IN_FLIGHT = ("waiting", "running", "delayed")


@dataclass
class Dump:
    """Every key of a store, by kind, read in one go."""

    raw: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, connection: redis.Redis) -> "Dump":
        """Read all keys; the test's own clock is not the store's."""
        keys = sorted(key for key in connection.scan_iter(count=1000) if key != CLOCK_KEY)
        with connection.pipeline(transaction=False) as pipe:
            for key in keys:
                pipe.type(key)
            kinds = pipe.execute()
            for key, kind in zip(keys, kinds, strict=True):
                _ask(pipe, kind, key)
            values = pipe.execute()
        found = {}
        for key, kind, value in zip(keys, kinds, values, strict=True):
            owner = owner_of(key)
            assert owner, f"nobody owns {key}"
            assert owner.kind == kind, f"{key} is a {kind}"
            found[key.removeprefix(PREFIX)] = dict(value) if kind == "zset" else value
        return cls(found)

    def one(self, name: str) -> dict[str, Any]:
        """One hash or sorted set; empty when there is none."""
        return dict(self.raw.get(name, {}))

    def all(self, kind: str) -> dict[str, Any]:
        """All keys `kind:...` by what follows the colon."""
        mark = f"{kind}:"
        return {key.removeprefix(mark): v for key, v in self.raw.items() if key.startswith(mark)}


def _ask(pipe: Any, kind: str, key: str) -> None:
    match kind:
        case "hash":
            pipe.hgetall(key)
        case "zset":
            pipe.zrange(key, 0, -1, withscores=True)
        case "set":
            pipe.smembers(key)
        case _:
            pipe.get(key)


def recount(connection: redis.Redis, put: Collection[str] = ()) -> Dump:
    """Assert every invariant of the store.

    Args:
        connection: A connection that decodes answers.
        put: Names of all objects that are in the storage.

    Returns:
        What was read.
    """
    dump = Dump.read(connection)
    _check_jobs(dump)
    _check_attachment(dump)
    _check_lines(dump)
    _check_leases(dump)
    _check_objects(dump, put)
    _check_webhooks(dump)
    return dump


def _check_jobs(dump: Dump) -> None:
    records = dump.all("job")
    states = Counter(job["status"] for job in records.values())
    assert {s: int(n) for s, n in dump.one("states").items() if int(n)} == states
    opened = {id_ for id_, job in records.items() if job["status"] in jobs.OPEN}
    ended = records.keys() - opened
    counted = Counter(records[id_]["caller"] for id_ in opened)
    assert {caller: int(n) for caller, n in dump.one("open").items()} == counted
    assert dump.one("deadlines").keys() == opened
    assert dump.one("forgets").keys() == ended
    kept = {id_ for id_ in ended if "pictures_gone" not in records[id_]}
    assert dump.one("expiries").keys() == kept
    assert dump.one("dead").keys() <= {i for i in ended if records[i]["status"] == "failed"}
    by_caller: dict[str, set[str]] = {}
    for id_, job in records.items():
        by_caller.setdefault(job["caller"], set()).add(id_)
    assert {caller: set(index) for caller, index in dump.all("jobs").items()} == by_caller


def _check_attachment(dump: Dump) -> None:
    records, renders = dump.all("job"), dump.all("render")
    where = [(id_, key) for key, ids in dump.all("attached").items() for id_ in ids]
    opened = {(i, job["render"]) for i, job in records.items() if job["status"] in jobs.OPEN}
    assert len(where) == len(opened), "a job is attached twice"
    assert set(where) == opened, "an open job is attached to its render, and only such"
    for id_, key in where:
        assert renders[key]["state"] in IN_FLIGHT
        assert (records[id_]["status"] == "running") == (renders[key]["state"] == "running")
        assert records[id_]["input"] == renders[key]["input"]
    attached = {key for _, key in where}
    assert all(
        key in attached for key, r in renders.items() if r["state"] in ("waiting", "delayed")
    )


def _check_lines(dump: Dump) -> None:
    waiting = {key: r for key, r in dump.all("render").items() if r["state"] == "waiting"}
    expected: dict[str, dict[str, float]] = {}
    pixels: Counter[str] = Counter()
    for key, r in waiting.items():
        kind = "suspects" if int(r["lost"]) else "line"
        member = f"{int(r['arrival']):012d}:{key}:{r['px']}"
        expected.setdefault(f"{kind}:{r['line']}", {})[member] = float(r["tag"])
        pixels[r["line"]] += int(r["px"])
    found = {
        f"{kind}:{line}": v for kind in ("line", "suspects") for line, v in dump.all(kind).items()
    }
    assert found == expected, "every waiting render stands in exactly one line, once"
    clocks = dump.all("clock")
    assert {n: int(c.get("waiting_px", 0)) for n, c in clocks.items()} == {
        n: pixels[n] for n in clocks
    }
    for name, flows in dump.all("flows").items():
        behind = float(clocks.get(name, {}).get("v", 0))
        assert all(tag > behind for tag in flows.values()), "a flow behind v is forgotten"
    assert clocks.keys() - dump.one("versions").keys() == set(), "a line that nobody knows"
    delayed = {key for key, r in dump.all("render").items() if r["state"] == "delayed"}
    assert dump.one("delayed").keys() == delayed


def _check_leases(dump: Dump) -> None:
    running = {key: r for key, r in dump.all("render").items() if r["state"] == "running"}
    assert dump.one("leases").keys() == running.keys(), "no lease without a running render"
    held = {
        (p, key): int(px) for p, renders in dump.all("held").items() for key, px in renders.items()
    }
    assert held == {(r["process"], key): int(r["px"]) for key, r in running.items()}
    pixels = Counter[str]()
    for r in running.values():
        pixels[r["line"]] += int(r["px"])
    clocks = dump.all("clock")
    assert {n: int(c.get("running_px", 0)) for n, c in clocks.items()} == {
        n: pixels[n] for n in clocks
    }
    for name, process in dump.all("process").items():
        if "alone" in process:
            assert [key for p, key in held if p == name] == [process["alone"]]


def _check_objects(dump: Dump, put: Collection[str]) -> None:
    expected: dict[str, set[str]] = {}
    for id_, job in dump.all("job").items():
        if "pictures_gone" in job:
            continue
        for name in filter(None, (job["input"], job.get("output_name"))):
            expected.setdefault(name, set()).add(f"j:{id_}")
    for id_, image in dump.all("image").items():
        expected.setdefault(image["input"], set()).add(f"i:{id_}")
    renders = dump.all("render")
    for key, r in renders.items():
        if r["state"] in IN_FLIGHT:
            expected.setdefault(r["input"], set()).add(f"r:{key[:32]}")
    assert dump.all("holders") == expected, (
        "holders are jobs with pictures, renders in flight, images"
    )
    doomed = dump.one("doomed").keys() | dump.one("deleting").keys()
    assert not expected.keys() & doomed, "a held object is never doomed"
    assert set(put) <= expected.keys() | doomed, "an object that nobody names"
    for r in renders.values():
        if r["state"] == "done":
            assert {r["input"], r["output_name"]} <= expected.keys()
        if r["state"] == "running":
            assert r["output_name"] in doomed


def _check_webhooks(dump: Dump) -> None:
    records = dump.all("webhook")
    waiting = {id_ for id_, event in records.items() if event["status"] == "waiting"}
    due = {id_: caller for caller, ids in dump.all("webhooks_due").items() for id_ in ids}
    assert due.keys() == waiting, "what waits is due once, and nothing else is"
    assert all(records[id_]["caller"] == caller for id_, caller in due.items())
    assert dump.one("webhooks_callers").keys() == set(due.values()), "who waits has a turn"
    out = {id_ for ids in dump.all("webhooks_out").values() for id_ in ids}
    assert out <= waiting, "what is being sent waits until it is recorded"
    ended = {
        f"job_{id_}_{job['run']}"
        for id_, job in dump.all("job").items()
        if "webhook" in job and job["status"] not in jobs.OPEN
    }
    assert ended <= records.keys(), "a job's end and its webhook are one"
    open_jobs = Counter(
        job["batch"]
        for job in dump.all("job").values()
        if "batch" in job and job["status"] in jobs.OPEN
    )
    for id_, batch in dump.all("batch").items():
        if "webhook" in batch:
            assert int(batch.get("open", 0)) == open_jobs[id_]
