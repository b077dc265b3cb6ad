"""A claim's way through its stages, and every way it can end."""

import io

import pytest
from PIL import Image

from common.jobs import JobStatus, Stage
from tests.integration.worker.conftest import CALLER, Bench
from tests.support.photos import flat_photo
from tests.support.styles import BrokenStyle
from worker.claiming.gate import GateState
from worker.engine.tiles import Cut
from worker.networks.precision import Precision


def test_a_photo_becomes_a_picture(bench: Bench, photo: bytes) -> None:
    job_id = bench.submit(photo)
    bench.run(bench.claim())
    job = bench.job(job_id)
    assert job.status is JobStatus.SUCCEEDED
    assert job.output is not None
    picture = Image.open(io.BytesIO(bench.objects.get(job.output.name)))
    assert picture.size == (64, 64) == (job.output.width, job.output.height)
    assert picture.getpixel((32, 32)) == (55, 155, 205)
    assert job.stages_ms is not None
    assert set(job.stages_ms) == {
        f"{stage}_ms" for stage in ("fetch", "decode", "wait", "forward", "encode", "store")
    }
    assert job.execution is not None
    assert job.execution["batch_size"] == 1
    assert len(bench.holdings) == 0


def test_execution_says_what_happened(bench: Bench) -> None:
    model = bench.model
    model.precision = Precision.BFLOAT16
    assert isinstance(model.style, BrokenStyle)
    model.style.degraded = ("heads",)
    model.cut, model.most_pixels = Cut.of(8, 1), 32 * 32
    job_id = bench.submit(flat_photo((200, 100, 50), size=(256, 256)))
    bench.run(bench.claim())
    assert bench.job(job_id).execution == {
        "device": "cpu",
        "model": "broken",
        "model_digest": "broken-1",
        "precision": "bfloat16",
        "batch_size": 1,
        "tiled": True,
        "degraded": ["heads"],
    }


def test_damaged_pixels_fail_for_good_at_the_first_attempt(bench: Bench, photo: bytes) -> None:
    job_id = bench.submit(photo[:-60])
    bench.run(bench.claim())
    job = bench.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.FAILED, 1)
    assert job.failure is not None
    assert job.failure.code == "decode_failed"
    assert bench.gate.state is GateState.OPEN


def test_a_failing_model_delays_the_render(bench: Bench, cursed_photo: bytes) -> None:
    job_id = bench.submit(cursed_photo)
    bench.run(bench.claim())
    job = bench.job(job_id)
    assert (job.status, job.attempts) == (JobStatus.QUEUED, 1)
    assert bench.store.overviews.overview().delayed == 1


def test_a_missing_input_is_a_storage_error(bench: Bench, photo: bytes) -> None:
    job_id = bench.submit(photo)
    held = bench.claim()
    bench.objects.delete([held.claim.input_name])
    bench.run(held)
    assert bench.job(job_id).status is JobStatus.QUEUED
    assert bench.store.overviews.overview().delayed == 1


def test_three_failures_in_a_row_make_the_worker_sick(bench: Bench, cursed_photo: bytes) -> None:
    for number in range(3):
        bench.submit(cursed_photo + bytes([number]))
        bench.run(bench.claim())
    assert bench.gate.state is GateState.SICK


def test_a_lost_lease_stores_nothing(bench: Bench, photo: bytes) -> None:
    bench.submit(photo)
    held = bench.claim()
    held.lost.set()
    bench.run(held)
    assert list(bench.objects.list_names()) == [held.claim.input_name]


def test_a_result_that_comes_too_late_is_refused_and_doomed(bench: Bench, photo: bytes) -> None:
    job_id = bench.submit(photo)
    late = bench.claim()
    bench.leases.release(late.claim)  # as a reaper would have taken it
    bench.run(bench.claim())
    bench.run(late)
    job = bench.job(job_id)
    assert job.status is JobStatus.SUCCEEDED
    assert job.output is not None
    assert job.output.name != late.claim.output_name
    assert late.claim.output_name in bench.store.maintenance.begin_sweep()


def test_what_nobody_waits_for_is_abandoned(bench: Bench, photo: bytes) -> None:
    job_id = bench.submit(photo)
    held = bench.claim()
    bench.store.jobs.cancel(job_id, CALLER)
    held.unwanted.set()
    bench.run(held)
    assert bench.store.overviews.overview().leases == 0
    assert held.claim.output_name not in list(bench.objects.list_names())


def test_what_somebody_joined_meanwhile_goes_on(bench: Bench, photo: bytes) -> None:
    first = bench.submit(photo)
    held = bench.claim()
    bench.store.jobs.cancel(first, CALLER)
    second = bench.submit(photo)
    held.unwanted.set()  # as the last renewal saw it, before the second came
    bench.run(held)
    assert bench.job(first).status is JobStatus.CANCELED
    assert bench.job(second).status is JobStatus.SUCCEEDED


def test_the_stage_is_seen_by_who_polls(bench: Bench, photo: bytes) -> None:
    job_id = bench.submit(photo)
    held = bench.claim()
    held.stage = Stage.ENCODING
    bench.leases.renew([(held.claim, held.stage)])
    assert bench.job(job_id).stage is Stage.ENCODING


@pytest.mark.parametrize("name", ["fetch", "store"])
def test_a_storage_that_is_away_counts_an_attempt(bench: Bench, photo: bytes, name: str) -> None:
    job_id = bench.submit(photo)
    held = bench.claim()
    folder = bench.settings.data_dir / "objects" / ("inputs" if name == "fetch" else "outputs")
    if folder.exists():
        folder.rename(folder.with_name("away"))
    folder.write_bytes(b"a file where a directory should be")
    bench.run(held)
    assert bench.job(job_id).attempts == 1
    assert bench.store.overviews.overview().delayed == 1
