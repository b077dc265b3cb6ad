"""The outbox: how often an event is sent, in whose turn, and who wants no more."""

import pytest

from common.errors import NotFound, NotRetryable
from common.jobstore import JobStore
from common.jobstore.outbox import Sending
from common.jobstore.policy import WEBHOOK_DELAYS_S, WEBHOOK_JITTER
from common.jobstore.webhooks import WebhookStatus, WebhookTarget
from tests.integration.jobstore.builders import ClockedStore, policy
from tests.integration.jobstore.webhook_jobs import HOOK, POLICY, claim_one, ended, log, record

# --- Attempts ---


def test_pauses_grow_and_the_seventh_attempt_is_the_last(clocked: ClockedStore) -> None:
    store = clocked.store
    ended(store)
    for delay_s in WEBHOOK_DELAYS_S:
        assert record(store, claim_one(store), Sending.REFUSED) == "waiting"
        (seen,) = log(store)
        assert seen.due_ms is not None
        pause_s = (seen.due_ms - clocked.now_ms) / 1000
        assert delay_s * WEBHOOK_JITTER[0] <= pause_s <= delay_s * WEBHOOK_JITTER[1]
        clocked.set_time(seen.due_ms - 1)
        assert store.outbox.claim(most=5) == ()
        clocked.set_time(seen.due_ms)
    assert record(store, claim_one(store), Sending.NO_ANSWER) == "failed"
    (seen,) = log(store)
    assert (seen.status, seen.due_ms, seen.sent) == (WebhookStatus.FAILED, None, 7)


def test_what_was_claimed_and_never_recorded_is_sent_again(clocked: ClockedStore) -> None:
    store = clocked.store
    ended(store)
    first = claim_one(store)
    clocked.set_time(clocked.now_ms + POLICY.webhook_lease_ms - 1)
    assert store.outbox.claim(most=5) == ()
    clocked.set_time(clocked.now_ms + 1)
    second = claim_one(store)
    assert (second.id, second.url) == (first.id, first.url)
    assert second.token != first.token
    assert record(store, first) == "refused"
    assert record(store, second) == "delivered"
    assert record(store, second) == "refused"
    assert log(store)[0].sent == 1


def test_what_all_its_keepers_die_of_is_given_up(clocked: ClockedStore) -> None:
    store = clocked.store
    ended(store)
    for _ in range(POLICY.webhook_lost_max):
        due = claim_one(store)
        clocked.set_time(clocked.now_ms + POLICY.webhook_lease_ms)
    assert store.outbox.claim(most=5) == ()
    (seen,) = log(store)
    assert (seen.status, seen.sent) == (WebhookStatus.FAILED, 0)
    store.webhooks.redeliver(due.id, "ann")
    assert record(store, claim_one(store)) == "delivered"


@pytest.mark.parametrize("step_ms", [-600_000, -30 * 86_400_000, 600_000])
def test_a_step_of_the_clock_holds_up_nothing(clocked: ClockedStore, step_ms: int) -> None:
    store = clocked.store
    ended(store, "leased")
    claim_one(store)
    ended(store, "announced")
    clocked.set_time(clocked.now_ms + step_ms)
    claimed = store.outbox.claim(most=5)
    assert [record(store, due) for due in claimed] == ["delivered"] * 2


def test_a_pause_is_not_cut_short_by_looking(clocked: ClockedStore) -> None:
    store = clocked.store
    ended(store)
    for pause_s in (6, 400):
        record(store, claim_one(store), Sending.REFUSED)
        until_ms = log(store)[0].due_ms
        assert until_ms is not None
        while clocked.now_ms < until_ms:
            assert store.outbox.claim(most=5) == ()
            clocked.set_time(min(clocked.now_ms + 5_000, until_ms))
        assert until_ms <= clocked.now_ms + pause_s * 1000
    clocked.set_time(clocked.now_ms - 86_400_000)
    claim_one(store)


def test_the_log_keeps_the_last_attempts(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(webhook_attempts_kept=2))
    store = clocked.store
    ended(store)
    for answer in ("500", "501", "no_answer"):
        store.outbox.record(claim_one(store), Sending.REFUSED, answer=answer, took_ms=9)
        clocked.set_time(clocked.now_ms + HALF_A_DAY_MS)
    (seen,) = log(store)
    assert [attempt.answer for attempt in seen.attempts] == ["501", "no_answer"]
    assert (seen.sent, seen.attempts[0].took_ms) == (3, 9)
    clocked.close()


HALF_A_DAY_MS = 43_200_000  # longer than any pause


# --- Whose turn ---


def test_a_callers_flood_leaves_room_for_others(store: JobStore) -> None:
    for number in range(30):
        ended(store, f"ann {number}")
    ended(store, "ben", caller="ben")
    claimed = store.outbox.claim(most=32)
    callers = [due.caller for due in claimed]
    assert callers.count("ann") == POLICY.webhook_caller_max
    assert callers.count("ben") == 1
    assert store.outbox.claim(most=32) == ()
    record(store, claimed[0])
    assert len(store.outbox.claim(most=32)) == 1


def test_a_flood_that_has_waited_is_sent_in_turns(clocked: ClockedStore) -> None:
    store = clocked.store
    for caller in ("ann", "ben", "cas"):
        for number in range(4):
            ended(store, f"{caller} {number}", caller=caller)
            clocked.set_time(clocked.now_ms + 1)
    assert {due.caller for due in store.outbox.claim(most=3)} == {"ann", "ben", "cas"}


# --- Addresses that want no more ---


def test_gone_disables_the_address_until_it_is_enabled(clocked: ClockedStore) -> None:
    store = clocked.store
    for number in range(3):
        ended(store, str(number))
    clocked.set_time(clocked.now_ms + 1)
    ended(store, "other", webhook=WebhookTarget("https://example.com/2", HOOK.base_url))
    (due,) = store.outbox.claim(most=1)
    assert record(store, due, Sending.GONE) == "disabled"
    assert [due.url for due in store.outbox.claim(most=5)] == ["https://example.com/2"]
    assert sorted(seen.status for seen in log(store)) == ["disabled"] * 3 + ["waiting"]
    (off,) = store.webhooks.disabled("ann")
    assert (off.url, off.since_ms) == (HOOK.url, clocked.now_ms)
    assert store.webhooks.disabled("ben") == ()
    with pytest.raises(NotRetryable, match="enable"):
        store.webhooks.redeliver(due.id, "ann")
    with pytest.raises(NotFound):
        store.webhooks.enable(off.id, "ben")
    store.webhooks.enable(off.id, "ann")
    with pytest.raises(NotFound):
        store.webhooks.enable(off.id, "ann")
    assert store.webhooks.disabled("ann") == ()
    ended(store, "after")
    assert [due.url for due in store.outbox.claim(most=5)] == [HOOK.url]
