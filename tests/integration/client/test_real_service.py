"""The doctor, the verbs for jobs and the library's batches, archives and images on the real API."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from celshade import Client, PhotoUnreadable
from tests.integration.api.real_service import RealService
from tests.integration.client.drawing_service import CLIENT, run, until, url_of
from tests.support.photos import photo


def test_the_doctor_finds_nothing_wrong(service: RealService, tmp_path: Path) -> None:
    status, out, _ = run(tmp_path, url_of(service), "doctor", "--render", "--json")
    told = json.loads(out)
    verdicts = {check["name"]: check["verdict"] for check in told["checks"]}
    assert (status, told["healthy"]) == (0, True)
    assert (verdicts["rendering"], verdicts["pictures"]) == ("good", "good")
    assert "bad" not in verdicts.values()
    with Client(url_of(service)) as client:
        assert list(client.jobs()) == []  # its own job is gone


def test_the_doctor_knows_a_key_from_none(
    service: RealService, clean_redis_url: str, tmp_path: Path
) -> None:
    made = subprocess.run(
        [sys.executable, "-m", "api", "keys", "create", "ann"],
        cwd=CLIENT.parent,
        env={**os.environ, "CELSHADE_REDIS_URL": clean_redis_url},
        capture_output=True,
        text=True,
        check=True,
    )
    key = made.stdout.split()[0]
    until(lambda: service.http.get("/v1/usage").status_code == 401, "the service is closed")

    status, out, _ = run(tmp_path, url_of(service), "doctor")
    assert status == 3
    assert "CELSHADE_API_KEY" in out
    status, out, _ = run(tmp_path, url_of(service), "doctor", CELSHADE_API_KEY=key)
    assert (status, "that of 'ann'" in out) == (0, True)


def test_jobs_are_shown_canceled_and_deleted(service: RealService, tmp_path: Path) -> None:
    url = url_of(service)
    with Client(url) as client:
        job = client.wait(client.submit(photo(), metadata={"order": "17"}).id)
    status, out, _ = run(tmp_path, url, "jobs", "show", job.id)
    assert (status, "succeeded" in out, "order=17" in out) == (0, True, True)
    status, out, errors = run(tmp_path, url, "jobs", "--json", "retry", job.id, "0" * 32)
    told = {each["job"]: each["error"]["code"] for each in json.loads(out)["data"]}
    assert (status, told) == (1, {job.id: "not_retryable", "0" * 32: "not_found"})
    assert "[not_retryable]" in errors
    assert run(tmp_path, url, "jobs", "cancel", job.id)[:2] == (0, f"{job.id}: succeeded\n")
    assert run(tmp_path, url, "jobs", "delete", job.id)[:2] == (0, f"{job.id}: deleted\n")
    assert json.loads(run(tmp_path, url, "jobs", "--json")[1]) == {"data": []}


def test_the_library_sends_follows_and_fetches_a_batch(
    service: RealService, holiday: Path, tmp_path: Path
) -> None:
    with Client(url_of(service)) as client:
        paths = [holiday / "a.jpg", holiday / "b.png", holiday / "torn.jpg"]
        sent: list[tuple[int, int]] = []
        batch = client.batches.submit(paths, on_sent=lambda *told: sent.append(told))
        assert sent[-1][0] == sent[-1][1] > sum(path.stat().st_size for path in paths)
        batch = client.batches.wait(batch.id)
        assert (batch.status, batch.ended) == ("succeeded_with_errors", 3)
        assert [item.file for item in batch.items] == ["a.jpg", "b.png", "torn.jpg"]
        whole = client.archives.download(batch, tmp_path / "whole.zip")
        some = client.archives.download([batch.items[0].job_id or ""], tmp_path / "some.zip")
        again = client.batches.submit(paths, idempotency_key="k")
        assert client.batches.submit(paths, idempotency_key="k").id == again.id != batch.id
    with zipfile.ZipFile(whole) as archive:
        assert archive.namelist() == ["manifest.json", "a.jpg", "b.jpg"]
    with zipfile.ZipFile(some) as archive:
        assert archive.namelist() == ["manifest.json", "a.jpg"]


def test_a_photo_that_changes_breaks_its_batch_and_leaves_nothing_running(
    service: RealService, holiday: Path
) -> None:
    torn = False

    def shorten(sent_bytes: int, _: int) -> None:
        nonlocal torn
        if sent_bytes and not torn:
            torn = True
            (holiday / "b.png").write_bytes(b"short")

    with Client(url_of(service)) as client:
        with pytest.raises(PhotoUnreadable, match="changed"):
            client.batches.submit([holiday / "a.jpg", holiday / "b.png"], on_sent=shorten)
        until(lambda: '"/v1/batches"' in service.log.read_text(), "the batch is answered for")
        until(lambda: all(job.is_terminal for job in client.jobs()), "nothing is left running")


def test_an_image_serves_several_jobs(service: RealService) -> None:
    with Client(url_of(service)) as client:
        image = client.images.keep(photo(shade=4))
        assert (image.width, image.height) == (320, 240)
        jobs = [client.submit(image, strength=strength, wait_s=30) for strength in (0.2, 0.8)]
        assert {client.wait(job.id).succeeded for job in jobs} == {True}
        assert client.images.get(image.id).sha256 == image.sha256
        client.images.delete(image.id)


def test_the_service_tells_of_itself(service: RealService) -> None:
    with Client(url_of(service)) as client:
        client.wait(client.submit(photo(shade=5)).id)
        usage, limits, load = client.usage(), client.limits(), client.queue()
    assert (usage.caller, usage.answers["miss"], usage.open_jobs.limit) == ("local", 1, 10_000)
    assert "image/jpeg" in limits.content_types
    assert (limits.max_batch_photos, limits.max_archive_jobs) == (500, 1000)
    assert load.workers_ready == 1


def test_the_secret_of_webhooks_may_be_changed(service: RealService) -> None:
    with Client(url_of(service)) as client:
        first = client.deliveries.secret()
        changed = client.deliveries.rotate_secret()
        assert (changed.former, changed.secret == first.secret) == (first.secret, False)
        assert changed.former_signs_until is not None
        assert list(client.deliveries) == []
