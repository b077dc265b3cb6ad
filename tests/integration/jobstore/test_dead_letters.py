"""Dead letters: what operators see, page by page, and what goes when they purge."""

import pytest

from common.errors import DecodeFailed, InternalError, NotFound, StorageError
from common.jobs import JobStatus
from common.jobstore.submissions import Submission
from tests.integration.jobstore.builders import (
    ClockedStore,
    Worker,
    key_of,
    policy,
    submission,
    submit,
)


def kill(clocked: ClockedStore, *sent: Submission) -> None:
    """Let renders fail until they are dead, one attempt of all at a time."""
    for one in sent:
        submit(clocked.store, one)
    worker = Worker(clocked.store)
    for _ in range(3):
        for claim in [worker.take() for _ in sent]:
            worker.fail(claim, InternalError())
        clocked.pass_time(11)


def listed(clocked: ClockedStore) -> list[str]:
    page = clocked.store.dead_letters.page(cursor=None, limit=100)
    assert page.cursor is None
    return [letter.job_id for letter in page.letters]


def test_a_letter_says_whose_what_and_why(clocked: ClockedStore) -> None:
    sent = submission(caller="ben", metadata={"secret": "name"})
    kill(clocked, sent)
    (letter,) = clocked.store.dead_letters.page(cursor=None, limit=10).letters
    assert (letter.job_id, letter.caller, letter.style) == (sent.job_id, "ben", "ink")
    assert (letter.render_key, letter.run, letter.attempts) == (key_of(sent), 1, 3)
    assert (letter.failure.code, letter.failure.message) == ("internal", InternalError.default)
    assert letter.created_ms < letter.died_ms <= clocked.now_ms
    assert letter.has_photo
    assert clocked.store.dead_letters.caller_of(sent.job_id) == "ben"


def test_the_list_has_bounds(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(dead_max=2, dead_ms=100_000))
    sent = [submission(str(n)) for n in range(4)]
    for one in sent:
        kill(clocked, one)  # each takes over half a minute
    clocked.store.maintenance.expire()
    assert listed(clocked) == [sent[3].job_id, sent[2].job_id]
    clocked.set_time(clocked.now_ms + 100_000 - 30_000)
    clocked.store.maintenance.expire()
    assert listed(clocked) == [sent[3].job_id]
    clocked.close()


def test_a_bad_picture_is_no_dead_letter(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    worker.fail(worker.take(), DecodeFailed())
    assert listed(clocked) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8])
def test_pages_hold_every_letter_once_newest_first(clocked: ClockedStore, limit: int) -> None:
    kill(clocked, *[submission(f"old-{n}") for n in range(2)])
    kill(clocked, *[submission(f"new-{n}") for n in range(5)])  # all in one millisecond
    seen, cursor = list[tuple[int, str]](), None
    while True:
        page = clocked.store.dead_letters.page(cursor=cursor, limit=limit)
        seen += [(letter.died_ms, letter.job_id) for letter in page.letters]
        assert len(page.letters) <= limit
        cursor = page.cursor
        if cursor is None:
            break
    assert len(seen) == 7
    assert seen == sorted(set(seen), reverse=True)


def test_a_letter_goes_with_its_job_and_with_its_next_run(clocked: ClockedStore) -> None:
    deleted, retried, stays = (submission(name) for name in ("deleted", "retried", "stays"))
    kill(clocked, deleted, retried, stays)
    clocked.store.jobs.delete(deleted.job_id, "ann")
    clocked.store.submissions.retry(retried)
    assert listed(clocked) == [stays.job_id]


def test_a_purge_takes_the_letter_and_leaves_the_job(clocked: ClockedStore) -> None:
    first, second, third = (submission(str(n)) for n in range(3))
    kill(clocked, first)
    kill(clocked, second)
    clocked.pass_time(60)
    kill(clocked, third)
    letters = clocked.store.dead_letters
    letters.purge_one(second.job_id)
    assert clocked.store.jobs.view(second.job_id, "ann").status is JobStatus.FAILED
    for verb in (letters.purge_one, letters.caller_of):
        with pytest.raises(NotFound):
            verb(second.job_id)
    assert letters.purge(older_than_s=60) == 1
    assert listed(clocked) == [third.job_id]
    assert letters.purge() == 1
    assert listed(clocked) == []


def test_a_letter_without_a_photo_says_so(clocked: ClockedStore) -> None:
    kill(clocked, submission())
    clocked.set_time(clocked.now_ms + clocked.store.redis.policy.retention_ms)
    clocked.store.maintenance.expire()
    (letter,) = clocked.store.dead_letters.page(cursor=None, limit=10).letters
    assert not letter.has_photo


def test_the_cause_is_that_of_the_last_attempt(clocked: ClockedStore) -> None:
    submit(clocked.store, submission())
    worker = Worker(clocked.store)
    for error in (InternalError(), InternalError(), StorageError()):
        worker.fail(worker.take(), error)
        clocked.pass_time(11)
    (letter,) = clocked.store.dead_letters.page(cursor=None, limit=10).letters
    assert letter.failure.code == "storage_error"
