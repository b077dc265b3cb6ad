"""What an API process knows of the keys in the job store: how soon, and for how long it counts."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from api.auth.key_cache import MAX_STALE_S, RECORD_USE_EVERY_S, REFRESH_EVERY_S, KeyCache
from common.callers import Scope, digest_of, new_key, prefix_of
from common.errors import NotFound, StoreUnavailable
from common.jobstore import JobStore
from common.jobstore.policy import Policy
from common.settings import Settings
from deploy.local import redis_server
from tests.support import servers
from tests.support.clocks import Clock

PROMISED_S = 5.0


@pytest.fixture
def store(clean_redis_url: str) -> Iterator[JobStore]:
    """The job store, as the command and the API processes use it."""
    store = JobStore(clean_redis_url, Policy.from_settings(Settings()), timeout_s=30)
    yield store
    store.redis.close()


def add(store: JobStore, name: str, **share: float) -> str:
    """Make a key of a caller's."""
    key = new_key()
    assert store.api_keys.add(
        prefix=prefix_of(key),
        sha256=digest_of(key),
        name=name,
        scopes={Scope.JOBS},
        share=share,
    )
    return key


def name_of(known: KeyCache, key: str) -> str | None:
    """Whose key it is."""
    found = known.find(key)
    return found.name if found else None


def test_two_processes_know_a_new_and_a_revoked_key_in_time(store: JobStore) -> None:
    clock = Clock()
    processes = [KeyCache(store.api_keys, clock=clock) for _ in range(2)]
    assert not any(process.was_ever_used() for process in processes)
    key = add(store, "ann")
    clock.now_s += REFRESH_EVERY_S
    assert [name_of(process, key) for process in processes] == ["ann", "ann"]
    store.api_keys.revoke(prefix_of(key))
    clock.now_s += REFRESH_EVERY_S
    assert [name_of(process, key) for process in processes] == [None, None]
    assert all(process.was_ever_used() for process in processes)


def test_what_was_known_counts_for_a_while_and_then_nobody_is_let_in(tmp_path: Path) -> None:
    server = redis_server.prepare(tmp_path / "redis")
    clock = Clock()
    with servers.running_redis(server) as child:
        store = JobStore(server.url, Policy.from_settings(Settings()), timeout_s=0.2)
        known = KeyCache(store.api_keys, clock=clock)
        key = add(store, "ann")
        assert name_of(known, key) == "ann"
        child.send_signal(signal.SIGSTOP)
        try:
            clock.now_s += MAX_STALE_S - 0.1
            assert name_of(known, key) == "ann"
            clock.now_s += 0.1
            for ask in (lambda: known.find(key), lambda: known.find("cs_x"), known.was_ever_used):
                with pytest.raises(StoreUnavailable):
                    ask()
            assert not known.appears_unused  # the origin guard never waits
        finally:
            child.send_signal(signal.SIGCONT)
        clock.now_s += REFRESH_EVERY_S
        assert name_of(known, key) == "ann"
        store.redis.close()
    assert MAX_STALE_S + REFRESH_EVERY_S <= PROMISED_S


def test_who_has_heard_nothing_lets_nobody_in() -> None:
    store = JobStore("redis://127.0.0.1:1/0", Policy.from_settings(Settings()), timeout_s=0.2)
    known = KeyCache(store.api_keys)
    with pytest.raises(StoreUnavailable):
        known.find(new_key())
    with pytest.raises(StoreUnavailable):
        known.was_ever_used()
    assert known.appears_unused


def test_a_beginning_is_not_enough(store: JobStore) -> None:
    key = add(store, "ann")
    known = KeyCache(store.api_keys)
    twin = prefix_of(key) + new_key()[len(prefix_of(key)) :]
    assert (name_of(known, key), name_of(known, twin), name_of(known, prefix_of(key))) == (
        "ann",
        None,
        None,
    )
    assert not store.api_keys.add(
        prefix=prefix_of(twin), sha256=digest_of(twin), name="eve", scopes={Scope.JOBS}, share={}
    )


def test_a_share_belongs_to_the_caller_and_goes_with_its_last_key(store: JobStore) -> None:
    first = add(store, "ann", weight=2.5, megapixels_per_day=float("inf"))
    second = add(store, "ann", requests_per_minute=60)
    add(store, "bob")
    keys = store.api_keys.all().keys
    shares = [keys[prefix_of(key)].share for key in (first, second)]
    assert shares[0] == shares[1]
    assert (shares[0].weight, shares[0].megapixels_per_day) == (2.5, float("inf"))
    assert shares[0].requests_per_minute == 60
    for key in (first, second):
        store.api_keys.revoke(prefix_of(key))
    again = add(store, "ann")
    assert store.api_keys.all().keys[prefix_of(again)].share.weight == 1.0
    with pytest.raises(NotFound):
        store.api_keys.revoke(prefix_of(first))


def test_the_use_of_a_key_is_noted_to_the_minute(store: JobStore) -> None:
    used, idle = add(store, "ann"), add(store, "bob")
    clock = Clock()
    known = KeyCache(store.api_keys, clock=clock)
    known.find(used)
    clock.now_s += RECORD_USE_EVERY_S
    known.find(new_key())
    keys = store.api_keys.all().keys
    noted = keys[prefix_of(used)]
    assert noted.used_ms is not None
    assert 0 <= noted.used_ms - noted.created_ms < 600_000
    assert keys[prefix_of(idle)].used_ms is None
    store.api_keys.revoke(prefix_of(used))
    store.api_keys.note_used({prefix_of(used)})
    assert prefix_of(used) not in store.api_keys.all().keys
