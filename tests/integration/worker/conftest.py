"""A worker's parts over a real job store, without its Celery consumer: tests claim by hand."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from common.callers import LOCAL
from common.jobs import Job, Priority, new_job_id
from common.jobstore import JobStore
from common.jobstore.leases import Claim, Leases
from common.jobstore.submissions import Submission
from common.objects.local import LocalStore
from common.objects.names import new_input_name
from common.photos import PhotoLimits
from common.renders import Identity, Params, PictureFormat
from common.settings import Settings
from tests.support import servers
from tests.support.photos import flat_photo
from tests.support.styles import GREEN, BrokenStyle
from worker.claiming.gate import Gate
from worker.claiming.heartbeat import Heartbeat
from worker.claiming.holdings import Held, Holdings
from worker.engine.engine import Engine
from worker.engine.model import Model
from worker.images.decode import InProcessDecoder
from worker.rendering import Renderer

CALLER = LOCAL.name


@dataclass
class Bench:
    """Everything a test of a worker needs."""

    settings: Settings
    store: JobStore
    objects: LocalStore
    model: Model
    leases: Leases
    gate: Gate
    holdings: Holdings
    engine: Engine
    renderer: Renderer
    exits: list[int] = field(default_factory=list)

    def heart(self, every_s: float = 0.05) -> Heartbeat:
        """A heart that records the end of its process instead of bringing it."""
        return Heartbeat(
            leases=self.leases,
            name="worker-1",
            device_name="cpu",
            models={self.model.line: self.model},
            holdings=self.holdings,
            gate=self.gate,
            every_s=every_s,
            least_limit_s=self.settings.execution_limit_s,
            end_process=self.exits.append,
        )

    def submit(self, photo: bytes, size: int = 256) -> str:
        """Submit a photo as the API does; returns the job's id."""
        params = Params.canonical(
            strength=1.0,
            size=size,
            picture_format=PictureFormat.PNG,
            quality=90,
            photo_long_side_px=64,
        )
        submission = Submission(
            job_id=new_job_id(),
            caller=LOCAL,
            priority=Priority.NORMAL,
            style=self.model.style.card.name,
            version=self.model.version,
            line=self.model.line,
            identity=Identity(hashlib.sha256(photo).hexdigest(), params, "caller:local"),
            work_px=64 * 64,
            source_type="image/png",
            span_s=3600,
            input_name=new_input_name(),
        )
        self.store.submissions.admit(submission)
        self.objects.put(submission.input_name, photo, content_type="image/png")
        self.store.submissions.enqueue(submission)
        return submission.job_id

    def claim(self) -> Held:
        """Claim the head of the line."""
        claim = self.leases.claim(self.model.line, seconds_per_mp=1.0)
        assert isinstance(claim, Claim)
        return self.holdings.add(claim)

    def job(self, job_id: str) -> Job:
        """Look at a job."""
        return self.store.jobs.view(job_id, CALLER)

    def run(self, held: Held) -> None:
        """Carry a claim through."""
        self.renderer.run(held, self.model.line)


def _nobody_loses_a_device(keys: frozenset[str]) -> None:
    raise AssertionError(f"no style here does that: {keys}")


@pytest.fixture
def bench(
    clean_redis_url: str, local_settings: Settings, local_store: LocalStore
) -> Iterator[Bench]:
    settings = local_settings.model_copy(update={"redis_url": SecretStr(clean_redis_url)})
    store = JobStore.from_settings(settings, timeout_s=servers.STORE_TIMEOUT_S)
    model, gate = Model(BrokenStyle()), Gate()
    models = {model.line: model}
    holdings = Holdings(on_change=gate.stir)
    engine = Engine(models, on_loss=_nobody_loses_a_device)
    engine.start()
    leases = store.leases("worker-1-test")
    renderer = Renderer(
        leases=leases,
        objects=local_store,
        decoder=InProcessDecoder(PhotoLimits.of(settings)),
        engine=engine,
        models=models,
        holdings=holdings,
        gate=gate,
        device_name="cpu",
    )
    yield Bench(settings, store, local_store, model, leases, gate, holdings, engine, renderer)
    store.redis.close()


@pytest.fixture
def photo() -> bytes:
    return flat_photo((200, 100, 50))


@pytest.fixture
def cursed_photo() -> bytes:
    """A photo that the tests' broken style fails on."""
    return flat_photo(GREEN)
