"""Move: waiting renders of a version without workers take their places in another line."""

from typing import Any

from common.errors import WorkerLost
from common.jobstore.leases import Verdict
from tests.integration.jobstore.builders import (
    LINE,
    MEGAPIXEL,
    OTHER_LINE,
    ClockedStore,
    Worker,
    key_of,
    policy,
    submission,
    submit,
    target_line,
)

THERE: dict[str, Any] = {"line": OTHER_LINE, "version": OTHER_LINE[4:]}


def work_off(clocked: ClockedStore, line: str, renders: int) -> None:
    """Let a line's time pass, by as many renders of a megapixel."""
    for number in range(renders):
        there: dict[str, Any] = {"line": line, "version": line[4:]}
        submit(clocked.store, submission(f"old-{number}", caller="old", **there))
    worker = Worker(clocked.store)
    for _ in range(renders):
        worker.complete(worker.take(line))


def move_all(clocked: ClockedStore) -> list[str]:
    maintenance = clocked.store.maintenance
    return [maintenance.move(found, target_line())[0] for found in maintenance.stranded(LINE)]


def place(clocked: ClockedStore, job_id: str, caller: str) -> int | None:
    return clocked.store.jobs.view(job_id, caller).position


def test_a_moved_flood_holds_up_nobody_in_the_new_line(clocked: ClockedStore) -> None:
    work_off(clocked, OTHER_LINE, 30)
    first, late = submission("first", caller="ben", **THERE), submission("late", **THERE)
    submit(clocked.store, first)
    for number in range(60):
        submit(clocked.store, submission(f"flood-{number}", caller="flood"))
    assert move_all(clocked) == ["moved"] * 60
    submit(clocked.store, late)
    assert place(clocked, first.job_id, "ben") == 2
    assert place(clocked, late.job_id, "ann") == 3


def test_a_moved_render_waits_behind_no_later_flood(clocked: ClockedStore) -> None:
    work_off(clocked, LINE, 30)
    sent = submission("moved")
    submit(clocked.store, sent)
    move_all(clocked)
    for number in range(60):
        submit(clocked.store, submission(f"flood-{number}", caller="flood", **THERE))
    found = place(clocked, sent.job_id, "ann")
    assert found is not None
    assert found <= 2


def test_those_that_move_keep_their_order(clocked: ClockedStore) -> None:
    work_off(clocked, OTHER_LINE, 5)
    sent = [submission(str(n), work_px=(1 + n % 3) * MEGAPIXEL) for n in range(6)]
    for one in sent:
        submit(clocked.store, one)
    worker = Worker(clocked.store)
    worker.release(worker.take())  # v is the first one's tag
    worker.release(worker.take(), lost_as=WorkerLost)
    move_all(clocked)
    keys = [one.identity.key(OTHER_LINE) for one in sent]
    for key in keys:
        claim = worker.take(OTHER_LINE)
        assert claim.key == key
        assert worker.complete(claim) is Verdict.COMMITTED


def test_a_joiner_from_another_line_brings_its_place(clocked: ClockedStore) -> None:
    work_off(clocked, LINE, 10)
    submit(clocked.store, submission("wanted"))  # now, at the head of its line
    for number in range(5):
        submit(clocked.store, submission(f"other-{number}", caller="ben", **THERE))
    late = submission("wanted", caller="ben", **THERE)
    submit(clocked.store, late)
    assert place(clocked, late.job_id, "ben") == 6
    assert move_all(clocked) == ["joined"]
    assert place(clocked, late.job_id, "ben") == 2
    assert Worker(clocked.store).take(OTHER_LINE).key != key_of(late)


def test_what_was_admitted_joins_beyond_the_cap(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(attached_max=2))
    sent = [submission(**THERE), submission(**THERE), submission(), submission()]
    for one in sent:
        submit(clocked.store, one)
    assert move_all(clocked) == ["joined"]
    assert clocked.redis.scard(f"celshade:attached:{key_of(sent[0])}") == 4
    clocked.close()
