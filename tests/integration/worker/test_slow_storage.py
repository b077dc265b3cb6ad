"""A storage that hangs keeps the task that waits for it, never the engine; and ends in its time."""

import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import torch

from common.jobs import JobStatus, Stage
from common.objects.factory import open_s3_store
from common.objects.s3 import S3Store
from common.photos import PhotoLimits
from common.settings import Settings
from tests.chaos.proxy import Fault, FaultProxy, Trouble
from tests.e2e.stack import until
from tests.integration.worker.conftest import Bench
from tests.support import servers
from worker.claiming.holdings import Held
from worker.images.decode import InProcessDecoder
from worker.rendering import Renderer

GIVEN_UP_S = 1.0
NO_UPLOADS = Fault(Trouble.SILENT, only=b"PUT ")


@pytest.fixture
def proxy(s3_settings: Settings) -> Iterator[FaultProxy]:
    """The way to a real S3 server."""
    address = urlsplit(s3_settings.s3_endpoint_url or "")
    with FaultProxy(address.hostname or "", address.port or 80) as proxy:
        yield proxy


def store_behind(proxy: FaultProxy, settings: Settings, timeout_s: float) -> S3Store:
    """A store on the other side of the proxy."""
    behind = {"s3_endpoint_url": f"http://127.0.0.1:{proxy.port}"}
    return open_s3_store(settings.model_copy(update=behind), timeout_s=timeout_s, attempts=1)


def renderer_with(bench: Bench, objects: S3Store) -> Renderer:
    """The bench's renderer, over another storage."""
    return Renderer(
        leases=bench.leases,
        objects=objects,
        decoder=InProcessDecoder(PhotoLimits.of(bench.settings)),
        engine=bench.engine,
        models={bench.model.line: bench.model},
        holdings=bench.holdings,
        gate=bench.gate,
        device_name="cpu",
    )


def claim_stored(bench: Bench, objects: S3Store, photo: bytes) -> tuple[str, Held]:
    """Submit a photo whose bytes lie in this storage, and claim it."""
    job_id = bench.submit(photo)
    held = bench.claim()
    objects.put(held.claim.input_name, photo, content_type="image/png")
    return job_id, held


@pytest.mark.usefixtures("s3_store")
def test_the_engine_is_free_while_a_picture_waits_for_the_storage(
    bench: Bench, proxy: FaultProxy, s3_settings: Settings, photo: bytes
) -> None:
    objects = store_behind(proxy, s3_settings, servers.S3_TIMEOUT_S)
    job_id, held = claim_stored(bench, objects, photo)
    proxy.set(NO_UPLOADS)
    renderer = renderer_with(bench, objects)
    task = threading.Thread(target=renderer.run, args=(held, bench.model.line))
    task.start()
    try:
        until(lambda: held.stage is Stage.STORING, "the picture is drawn")
        other = torch.full((64, 64, 3), 9, dtype=torch.uint8).permute(2, 0, 1)
        rendered = bench.engine.render(bench.model.line, "other", other)
        assert int(rendered.cartoon[0, 0, 0]) == 246
        assert task.is_alive()
        assert held.stage is Stage.STORING
    finally:
        proxy.set(Fault())
        task.join()
    assert bench.job(job_id).status is JobStatus.SUCCEEDED


@pytest.mark.usefixtures("s3_store")
def test_a_storage_that_never_answers_costs_an_attempt_and_is_tried_later(
    bench: Bench, proxy: FaultProxy, s3_settings: Settings, s3_store: S3Store, photo: bytes
) -> None:
    job_id, held = claim_stored(bench, s3_store, photo)
    proxy.set(NO_UPLOADS)
    objects = store_behind(proxy, s3_settings, GIVEN_UP_S)
    renderer_with(bench, objects).run(held, bench.model.line)
    job = bench.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 1)
    assert bench.store.overviews.overview().delayed == 1
    assert list(s3_store.list_names()) == [held.claim.input_name]  # no part of a picture is there
