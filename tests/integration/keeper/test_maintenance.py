"""The keeper's maintenance over a real job store, a real broker and real files."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import redis
from pydantic import SecretStr

from common.callers import LOCAL
from common.errors import StoreUnavailable
from common.jobs import JobStatus, Priority, new_job_id
from common.jobstore import JobStore
from common.jobstore.leases import Claim, LineOffer, WorkerState
from common.jobstore.submissions import Submission
from common.objects.local import LocalStore
from common.objects.names import new_input_name
from common.queue.celery_app import make_celery
from common.queue.hints import HintPublisher, HintQueues
from common.renders import Identity, Params, PictureFormat
from common.settings import Settings
from common.styles import line_of
from deploy.local.server_identity import free_port
from keeper.maintenance import Maintainer
from tests.integration.jobstore.builders import policy
from tests.support import servers

CALLER = LOCAL.name
STYLE = "ink"


@dataclass
class Desk:
    """What a test of the keeper needs."""

    store: JobStore
    objects: LocalStore
    queues: HintQueues
    hints: HintPublisher
    maintainer: Maintainer

    def offer(self, version: str, state: WorkerState = WorkerState.READY) -> str:
        """Let a worker of a version be seen; returns its line."""
        line = line_of(STYLE, version)
        offer = LineOffer(line, STYLE, version, "{}", 0.5, 1)
        self.store.leases(f"worker-{version}").heartbeat(
            name="w", device="cpu", state=state, offers=[offer]
        )
        return line

    def submit(self, version: str, photo: bytes = b"photo") -> str:
        """Submit as the API does, without a hint."""
        params = Params(strength=0.7, size=64, format=PictureFormat.JPEG, quality=92)
        submission = Submission(
            job_id=new_job_id(),
            caller=LOCAL,
            priority=Priority.NORMAL,
            style=STYLE,
            version=version,
            line=line_of(STYLE, version),
            identity=Identity(hashlib.sha256(photo).hexdigest(), params, "caller:local"),
            work_px=64 * 64,
            source_type="image/jpeg",
            span_s=3600,
            input_name=new_input_name(),
        )
        self.store.submissions.admit(submission)
        self.objects.put(submission.input_name, photo, content_type="image/jpeg")
        self.store.submissions.enqueue(submission)
        return submission.job_id


@pytest.fixture
def desk(clean_redis_url: str, local_store: LocalStore) -> Iterator[Desk]:
    # Versions count as gone as soon as their worker says good-bye.
    settings = Settings(redis_url=SecretStr(clean_redis_url), objects="local", move_after_s=1e-9)
    store = JobStore.from_settings(settings, timeout_s=servers.STORE_TIMEOUT_S)
    app = make_celery(settings, publish_timeout_s=2.0)
    hints, queues = HintPublisher(app), HintQueues(app)
    maintainer = Maintainer(
        maintenance=store.maintenance,
        overviews=store.overviews,
        objects=local_store,
        hints=hints,
        queues=queues,
        move_after_s=settings.move_after_s,
    )
    yield Desk(store, local_store, queues, hints, maintainer)
    app.close()
    store.redis.close()


def test_hints_are_topped_up_on_the_second_look(desk: Desk) -> None:
    line = desk.offer("v1")
    for number in range(3):
        desk.submit("v1", f"photo {number}".encode())
    desk.maintainer.top_up_hints()
    assert desk.queues.length(line) == 0
    desk.maintainer.top_up_hints()
    assert desk.queues.length(line) == 3
    for _ in range(3):
        desk.maintainer.top_up_hints()
    assert desk.queues.length(line) == 3


def test_hints_that_are_there_are_not_doubled(desk: Desk) -> None:
    line = desk.offer("v1")
    desk.submit("v1")
    assert desk.hints.publish(line, "key")
    for _ in range(4):
        desk.maintainer.top_up_hints()
    assert desk.queues.length(line) == 1


def test_what_nobody_holds_is_swept_and_forgotten(desk: Desk) -> None:
    desk.offer("v1")
    job_id = desk.submit("v1")
    desk.maintainer.sweep()
    assert len(list(desk.objects.list_names())) == 1
    desk.store.jobs.delete(job_id, CALLER)
    desk.maintainer.sweep()
    assert list(desk.objects.list_names()) == []
    overview = desk.store.overviews.overview()
    assert (overview.doomed, overview.deleting) == (0, 0)


def test_an_object_that_cannot_be_deleted_stops_nothing(
    desk: Desk, clean_redis_url: str, local_settings: Settings, tmp_path: Path
) -> None:
    desk.offer("v1")
    (local_settings.data_dir / "objects" / "outputs").symlink_to(tmp_path)  # refused: it leads out
    jobs = [desk.submit("v1", f"photo {number}".encode()) for number in range(3)]
    with redis.Redis.from_url(clean_redis_url) as connection:
        connection.zadd("celshade:doomed", {"outputs/stubborn.png": 1})
    for job_id in jobs:
        desk.store.jobs.delete(job_id, CALLER)
        desk.maintainer.sweep()
    assert list(desk.objects.list_names()) == []
    overview = desk.store.overviews.overview()
    assert (overview.doomed, overview.deleting) == (0, 1)


def test_a_forgotten_versions_queue_goes_even_if_the_broker_is_away_at_first(
    desk: Desk, clean_redis_url: str
) -> None:
    store = JobStore(clean_redis_url, policy(unseen_ms=-1_000))  # unseen at once
    line = desk.offer("v1")
    desk.hints.publish(line, "key")

    def maintainer(queues: HintQueues) -> Maintainer:
        return Maintainer(
            maintenance=store.maintenance,
            overviews=store.overviews,
            objects=desk.objects,
            hints=desk.hints,
            queues=queues,
            move_after_s=60,
        )

    closed = Settings(redis_url=SecretStr(f"redis://127.0.0.1:{free_port()}/0"), objects="local")
    app = make_celery(closed, publish_timeout_s=1.0)
    with pytest.raises(StoreUnavailable):
        maintainer(HintQueues(app)).expire()
    app.close()
    assert desk.queues.length(line) == 1
    maintainer(desk.queues).expire()
    assert desk.queues.length(line) == 0
    assert store.maintenance.expire().lines == ()


def test_a_version_without_workers_moves_to_the_newest_that_has_one(desk: Desk) -> None:
    old, new = desk.offer("v1"), desk.offer("v2")
    job_id = desk.submit("v1")
    desk.maintainer.move_stranded()
    assert desk.store.jobs.view(job_id, CALLER).version == "v1"
    desk.store.leases("worker-v1").leave([old])
    desk.maintainer.move_stranded()
    job = desk.store.jobs.view(job_id, CALLER)
    assert (job.version, job.position) == ("v2", 1)
    assert desk.queues.length(new) == 1
    found = desk.store.leases("worker-v2").claim(new, seconds_per_mp=0.5)
    assert isinstance(found, Claim)
    assert desk.store.jobs.view(job_id, CALLER).status is JobStatus.RUNNING


def test_a_starting_worker_is_no_target(desk: Desk) -> None:
    old = desk.offer("v1")
    desk.offer("v2", WorkerState.STARTING)
    job_id = desk.submit("v1")
    desk.store.leases("worker-v1").leave([old])
    desk.maintainer.move_stranded()
    assert desk.store.jobs.view(job_id, CALLER).version == "v1"


def test_memory_is_noted(desk: Desk) -> None:
    desk.maintainer.note_memory()
    assert 0 <= desk.store.overviews.overview().memory_share < 0.5
