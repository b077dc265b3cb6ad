"""Outages: a Redis that is full, forgets its scripts, is killed, or whose answers get lost."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from common.errors import (
    ConfigurationError,
    InvalidImage,
    NotFound,
    QueueFull,
    StorageError,
    StoreUnavailable,
    WorkerLost,
)
from common.jobs import JobStatus
from common.jobstore import JobStore
from common.jobstore.images import Image
from common.jobstore.leases import NoClaim, Verdict
from common.jobstore.lua_build import compose
from common.jobstore.outbox import Sending
from common.jobstore.submissions import BatchPlace, Outcome
from common.objects.names import new_input_name
from deploy.local import redis_server
from tests.integration.jobstore.builders import (
    LINE,
    Worker,
    policy,
    submission,
    submit,
    target_line,
)
from tests.integration.jobstore.cutting_proxy import CuttingProxy
from tests.integration.jobstore.recount import recount
from tests.integration.jobstore.webhook_jobs import HOOK
from tests.support import servers


@pytest.fixture
def server(tmp_path: Path) -> redis_server.RedisServer:
    """A server of this test's own, not yet started."""
    try:
        return redis_server.prepare(tmp_path / "redis")
    except ConfigurationError as error:
        servers.absent(str(error))


def open_store(url: str) -> JobStore:
    return JobStore(url, policy(), timeout_s=30)


def test_at_the_memory_limit_nothing_comes_in_and_everything_goes_out(
    server: redis_server.RedisServer,
) -> None:
    with servers.running_redis(server):
        store, worker = open_store(server.url), Worker(open_store(server.url))
        connection = redis.Redis.from_url(server.url, decode_responses=True)
        waiting, admitted = submission(), submission("admitted")
        submit(store, waiting)
        store.submissions.admit(admitted)
        claim = worker.take()
        connection.config_set("maxmemory", "1mb")
        with pytest.raises(QueueFull):
            store.submissions.admit(submission("late"))
        with pytest.raises(QueueFull):
            store.submissions.enqueue(admitted)
        worker.renew()
        assert worker.complete(claim) is Verdict.COMMITTED
        store.maintenance.reap()
        assert store.maintenance.note_memory() > 1
        assert store.jobs.view(waiting.job_id, "ann").status is JobStatus.SUCCEEDED
        connection.config_set("maxmemory", "100mb")
        store.maintenance.note_memory()
        assert store.submissions.enqueue(admitted).outcome is Outcome.QUEUED
        recount(connection, [admitted.input_name, claim.output_name])


def test_at_the_memory_limit_every_verb_but_those_that_bring_work_in_runs(
    server: redis_server.RedisServer,
) -> None:
    with servers.running_redis(server):
        store = open_store(server.url)
        worker, maintenance = Worker(store), store.maintenance
        worker.beat()
        sent = [submission(str(n)) for n in range(8)]
        for one in sent:
            submit(store, one)
        connection = redis.Redis.from_url(server.url, decode_responses=True)
        connection.config_set("maxmemory", "1mb")
        first, second, third, fourth, fifth = (worker.take() for _ in range(5))
        worker.renew()
        assert worker.fail(first, StorageError()) is Verdict.DELAYED
        assert worker.release(second) is Verdict.RELEASED
        assert worker.release(third, WorkerLost) is Verdict.RELEASED
        store.jobs.cancel(sent[3].job_id, "ann")
        assert worker.leases.abandon(fourth) is Verdict.ABANDONED
        assert worker.complete(fifth) is Verdict.COMMITTED
        assert store.submissions.retry(sent[3]).outcome is Outcome.QUEUED
        store.jobs.delete(sent[4].job_id, "ann")
        assert store.dead_letters.purge() == 0
        worker.beat()
        maintenance.reap()
        maintenance.expire()
        maintenance.end_expiry([LINE])
        maintenance.end_sweep(maintenance.begin_sweep())
        for stranded in maintenance.stranded(LINE):
            assert maintenance.move(stranded, target_line())[0] == "moved"
        worker.leases.leave([LINE])
        connection.script_flush()
        maintenance.reap()
        recount(connection)


def test_scripts_that_redis_forgot_are_loaded_again(timed_store: JobStore) -> None:
    sent = submission()
    submit(timed_store, sent)
    timed_store.redis._redis.script_flush()
    assert timed_store.jobs.view(sent.job_id, "ann").position == 1
    timed_store.redis._redis.script_flush()
    assert Worker(timed_store).take().attempt == 1


def test_a_killed_redis_comes_back_with_everything_and_is_found_again(
    server: redis_server.RedisServer,
) -> None:
    store = open_store(server.url)
    worker = Worker(store)
    sent = [submission(str(n)) for n in range(20)]
    with servers.running_redis(server) as child:
        for one in sent:
            submit(store, one)
        claim = worker.take()
        child.kill()
        child.wait()
        with pytest.raises(StoreUnavailable):
            store.jobs.view(sent[0].job_id, "ann")
    with servers.running_redis(server):
        # The very next call of each kind works, on the same objects.
        assert worker.complete(claim) is Verdict.COMMITTED
        assert isinstance(worker.take().key, str)
        seen = [store.jobs.view(one.job_id, "ann").status for one in sent]
        assert seen == [JobStatus.SUCCEEDED, JobStatus.RUNNING] + [JobStatus.QUEUED] * 18
        with redis.Redis.from_url(server.url, decode_responses=True) as connection:
            recount(connection)


def test_a_kill_between_two_calls_costs_the_second_no_error(
    server: redis_server.RedisServer,
) -> None:
    store = open_store(server.url)
    with servers.running_redis(server) as child:
        submit(store, submission())
        child.kill()
        child.wait()
    with servers.running_redis(server):
        assert Worker(store).take().attempt == 1


@pytest.fixture
def proxy(clean_redis_url: str) -> Iterator[CuttingProxy]:
    """A way to Redis that can lose an answer."""
    with CuttingProxy(clean_redis_url) as proxy:
        yield proxy


def lost(proxy: CuttingProxy, verb: Callable[[], Any]) -> Any:
    """Run a verb whose first answer is lost after Redis has run it."""
    proxy.lose_next_answer()
    answer = verb()
    assert proxy.lost_answers, "no answer was lost"
    proxy.lost_answers = 0
    return answer


@pytest.fixture
def direct(clean_redis_url: str) -> Iterator[redis.Redis]:
    """A connection beside the proxy; Redis knows all scripts, so that each answer is a verb's."""
    with redis.Redis.from_url(clean_redis_url, decode_responses=True) as connection:
        for text in compose(policy()).values():
            connection.script_load(text)
        yield connection


def test_every_verb_survives_a_lost_answer(proxy: CuttingProxy, direct: redis.Redis) -> None:
    store = open_store(proxy.url)
    worker = Worker(store)
    store.overviews.overview()
    first, second = submission(), submission("second")
    lost(proxy, lambda: store.submissions.admit(first))
    assert lost(proxy, lambda: store.submissions.enqueue(first)).job_id == first.job_id
    claim = lost(proxy, worker.take)
    assert claim.attempt == 1
    assert worker.claim() is NoClaim.EMPTY
    lost(proxy, worker.renew)
    assert worker.held
    assert lost(proxy, lambda: worker.complete(claim)) is Verdict.COMMITTED
    submit(store, second)
    lost(proxy, lambda: store.jobs.cancel(second.job_id, "ann"))
    lost(proxy, lambda: store.submissions.retry(second))
    assert store.jobs.view(second.job_id, "ann").run == 2
    lost(proxy, store.maintenance.reap)
    lost(proxy, store.maintenance.expire)
    lost(proxy, lambda: worker.release(worker.take()))
    assert worker.take().attempt == 1
    lost(proxy, lambda: store.jobs.delete(second.job_id, "ann"))
    with pytest.raises(NotFound):
        store.jobs.delete(second.job_id, "ann")
    assert store.overviews.overview().counts["jobs_submitted"] == 2
    recount(direct, [first.input_name, claim.output_name])


def keep_image(store: JobStore, name: str) -> Image:
    return store.images.keep(
        "ann",
        name,
        sha256="0" * 64,
        content_type="image/png",
        width=1,
        height=1,
        size_bytes=1,
    )


def test_batches_and_images_survive_lost_answers(proxy: CuttingProxy, direct: redis.Redis) -> None:
    store = open_store(proxy.url)
    store.overviews.overview()
    batch = lost(proxy, lambda: store.batches.begin("ann", idempotency_key="7"))
    assert batch.fingerprint is None
    sent = submission(place=BatchPlace(batch.batch_id, 0, "a.jpg"))
    lost(proxy, lambda: store.submissions.admit(sent))
    assert lost(proxy, lambda: store.submissions.enqueue(sent)).job_id == sent.job_id
    bad = BatchPlace(batch.batch_id, 1, "b.txt")
    lost(proxy, lambda: store.batches.refuse(bad, InvalidImage(), is_retryable=False))
    lost(proxy, lambda: store.batches.renew(batch.batch_id))
    lost(proxy, lambda: store.batches.seal(batch.batch_id, fingerprint="f"))
    assert store.batches.begin("ann", idempotency_key="7").batch_id == batch.batch_id
    lost(proxy, lambda: store.batches.cancel(batch.batch_id, "ann"))
    items = store.batches.view(batch.batch_id, "ann").items
    assert [item.status for item in items] == [JobStatus.CANCELED, JobStatus.FAILED]

    name = new_input_name()
    lost(proxy, lambda: store.images.begin("ann", name))
    image = lost(proxy, lambda: keep_image(store, name))
    assert direct.zcard("celshade:images:ann") == 1
    lost(proxy, lambda: store.images.drop(image.id, "ann"))
    with pytest.raises(NotFound):
        store.images.drop(image.id, "ann")
    recount(direct, [sent.input_name, name])


def test_webhooks_survive_lost_answers(proxy: CuttingProxy, direct: redis.Redis) -> None:
    figures = policy(webhook_lease_ms=3000)
    for text in compose(figures).values():
        direct.script_load(text)
    store = JobStore(proxy.url, figures, timeout_s=30)
    store.overviews.overview()
    sent = submission(webhook=HOOK)
    submit(store, sent)
    lost(proxy, lambda: store.jobs.cancel(sent.job_id, "ann"))
    assert lost(proxy, lambda: store.outbox.claim(most=5)) == ()  # nobody knows of this lease
    while not (claimed := store.outbox.claim(most=5)):
        pass
    (due,) = claimed
    lost(proxy, lambda: store.outbox.record(due, Sending.GONE, answer="410", took_ms=1))
    (address,) = store.webhooks.disabled("ann")
    lost(proxy, lambda: store.webhooks.enable(address.id, "ann"))
    lost(proxy, lambda: store.webhooks.redeliver(due.id, "ann"))
    assert store.webhooks.view(due.id, "ann").sent == 1
    before = store.webhooks.secrets("ann").current
    rotated = lost(proxy, lambda: store.webhooks.rotate("ann"))
    assert rotated.former == before
    recount(direct)
