"""Images in the job store: what they hold, who may use them, and when they go."""

import pytest

from common.errors import NotFound, QueueFullForKey, StorageUnavailable
from common.jobstore import JobStore
from common.jobstore.images import Image
from common.jobstore.submissions import Outcome, Submission
from common.objects.names import new_input_name
from tests.integration.jobstore.builders import ClockedStore, Worker, policy, submission
from tests.integration.jobstore.recount import recount

DAY_MS = 86_400_000


def keep(store: JobStore, name: str | None = None, caller: str = "ann") -> Image:
    name = name or new_input_name()
    store.images.begin(caller, name)
    return store.images.keep(
        caller,
        name,
        sha256="0" * 64,
        content_type="image/jpeg",
        width=40,
        height=30,
        size_bytes=1234,
    )


def made_from(image: Image, what: str = "photo") -> Submission:
    return submission(what, image_id=image.id, input_name=image.input_name)


def test_one_image_serves_several_jobs(clocked: ClockedStore) -> None:
    store, image = clocked.store, keep(clocked.store)
    for what in ("ink", "oil"):
        sent = made_from(image, what)
        assert store.submissions.admit(sent).outcome is Outcome.NEED_INPUT
        assert store.submissions.enqueue(sent).outcome is Outcome.QUEUED
    worker = Worker(store)
    assert {worker.take().input_name for _ in range(2)} == {image.input_name}
    recount(clocked.redis, [image.input_name])


def test_a_job_keeps_its_photo_when_the_image_goes(clocked: ClockedStore) -> None:
    store, image = clocked.store, keep(clocked.store)
    sent = made_from(image)
    store.submissions.admit(sent)
    store.submissions.enqueue(sent)
    store.images.drop(image.id, "ann")
    assert store.maintenance.begin_sweep() == ()
    with pytest.raises(NotFound):
        store.images.view(image.id, "ann")
    store.jobs.delete(sent.job_id, "ann")
    assert store.maintenance.begin_sweep() == (image.input_name,)


def test_an_image_that_went_meanwhile_makes_no_job(clocked: ClockedStore) -> None:
    store, image = clocked.store, keep(clocked.store)
    sent = made_from(image)
    assert store.submissions.admit(sent).outcome is Outcome.NEED_INPUT
    store.images.drop(image.id, "ann")
    store.maintenance.end_sweep(store.maintenance.begin_sweep())
    with pytest.raises(StorageUnavailable):
        store.submissions.enqueue(sent)
    assert clocked.redis.zcard("celshade:doomed") == 0


def test_an_image_has_its_time(clocked: ClockedStore) -> None:
    store, image = clocked.store, keep(clocked.store)
    assert image.expires_ms == clocked.now_ms + DAY_MS
    clocked.set_time(clocked.now_ms + DAY_MS)
    with pytest.raises(NotFound):
        store.images.view(image.id, "ann")
    assert store.maintenance.expire_images() == 1
    assert store.maintenance.begin_sweep() == (image.input_name,)
    assert list(clocked.redis.scan_iter("celshade:image*")) == []


def test_images_are_each_callers_own(store: JobStore) -> None:
    image = keep(store)
    with pytest.raises(NotFound):
        store.images.view(image.id, "ben")
    with pytest.raises(NotFound):
        store.images.drop(image.id, "ben")
    assert store.images.view(image.id, "ann") == image


def test_an_upload_that_took_too_long_is_not_kept(clocked: ClockedStore) -> None:
    name = new_input_name()
    clocked.store.images.begin("ann", name)
    clocked.set_time(clocked.now_ms + 3_600_000)
    clocked.store.maintenance.begin_sweep()
    with pytest.raises(StorageUnavailable):
        clocked.store.images.keep(
            "ann",
            name,
            sha256="0" * 64,
            content_type="image/png",
            width=1,
            height=1,
            size_bytes=1,
        )


def test_a_caller_keeps_so_many(clean_redis_url: str) -> None:
    clocked = ClockedStore(clean_redis_url, policy(images_max=2))
    for _ in range(2):
        keep(clocked.store)
    with pytest.raises(QueueFullForKey):
        keep(clocked.store)
    keep(clocked.store, caller="ben")
    recount(clocked.redis)
    clocked.close()
