"""The service itself: styles, limits, load, probes, metrics, and what every answer carries."""

import itertools
import json
import logging
import shutil

import pytest
from prometheus_client.parser import text_string_to_metric_families

from common.jobstore.leases import WorkerState
from common.jobstore.policy import TIME_BOUNDS_MS
from common.log import JsonFormatter
from common.settings import Settings
from tests.integration.api.conftest import MakeApp
from tests.integration.api.photo_client import Json, PhotoClient, body_of
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo

ETA_BOUNDS_S = [bound / 1000 for bound in TIME_BOUNDS_MS]


def test_styles_come_from_their_workers(worker: HandWorker, make_app: MakeApp) -> None:
    card = {"title": "Ink", "description": "Lines.", "license": "MIT", "is_default": True}
    inky = HandWorker(worker.store, worker.objects, style="ink", card={**card, "max_size_px": 512})
    inky.beat(WorkerState.STARTING)
    styles = body_of(PhotoClient(make_app()).get("/v1/styles"))["data"]
    assert [(style["name"], style["default"]) for style in styles] == [
        ("flat", False),
        ("ink", True),
    ]
    ink = styles[1]
    assert (ink["title"], ink["description"], ink["license"]) == ("Ink", "Lines.", "MIT")
    assert (ink["min_size"], ink["max_size"], ink["default_size"]) == (256, 512, 1024)
    assert ink["workers"] == {"ready": 0, "starting": 1}


def test_a_submission_without_a_style_gets_the_default(
    client: PhotoClient, worker: HandWorker
) -> None:
    assert client.submit()["style"] == "flat"


def test_a_style_has_limits_of_its_own(worker: HandWorker, make_app: MakeApp) -> None:
    HandWorker(worker.store, worker.objects, style="mini", card={"max_size_px": 300}).beat()
    client = PhotoClient(make_app())
    answer = client.post(style="mini", size="512")
    assert (answer.status_code, body_of(answer)["code"]) == (422, "invalid_param")


def test_without_any_style_there_are_no_workers(client: PhotoClient) -> None:
    assert body_of(client.get("/v1/styles")) == {"data": []}
    answer = client.post()
    assert (answer.status_code, body_of(answer)["code"]) == (503, "no_workers")
    assert int(answer.headers["Retry-After"]) > 0


def test_a_style_outlives_its_workers(worker: HandWorker, make_app: MakeApp) -> None:
    worker.leave()
    client = PhotoClient(make_app())
    job = client.submit()
    assert (job["status"], job["queue"]["eta_seconds"]) == ("queued", None)


def test_a_job_that_waits_for_a_model_says_so(worker: HandWorker, make_app: MakeApp) -> None:
    worker.beat(WorkerState.STARTING)
    assert PhotoClient(make_app()).submit()["progress"]["stage"] == "loading_model"


def test_the_place_in_line_counts_pixels_and_not_jobs(
    client: PhotoClient, worker: HandWorker
) -> None:
    client.submit(photo(1000, 1000, shade=1))
    after_a_large_one = client.submit(photo(shade=2))["queue"]
    assert after_a_large_one["position"] == 2
    assert after_a_large_one["eta_seconds"] == pytest.approx((1.0 + 0.0768) * 0.5, abs=0.06)


def test_limits_are_those_of_the_settings(client: PhotoClient, api_settings: Settings) -> None:
    limits = body_of(client.get("/v1/limits"))
    assert limits["max_upload_bytes"] == api_settings.max_upload_bytes
    assert limits["size"] == {"min": 256, "max": 2048, "default": 1024}
    assert limits["formats"] == ["jpeg", "png", "webp"]
    assert "image/jpeg" in limits["content_types"]


def test_the_queue_shows_the_load(worker: HandWorker, make_app: MakeApp) -> None:
    before = PhotoClient(make_app())
    for shade in range(3):
        before.submit(photo(shade=shade))
    worker.claim()
    load = body_of(PhotoClient(make_app()).get("/v1/queue"))
    assert (load["waiting"], load["running"]) == (2, 1)
    assert load["workers"] == {"ready": 1, "starting": 0}
    (line,) = load["lines"]
    assert (line["style"], line["version"], line["waiting"]) == ("flat", "v1", 2)
    assert line["eta_seconds"] >= 0


def metrics_of(client: PhotoClient) -> dict[tuple[str, tuple[str, ...]], float]:
    """All samples, by name and label values."""
    text = client.get("/metrics").text
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def test_metrics_come_from_the_store(
    client: PhotoClient, worker: HandWorker, make_app: MakeApp
) -> None:
    client.submit()
    worker.work_once()
    client.submit()
    client.submit(photo(shade=1))
    metrics = metrics_of(client)
    assert metrics["celshade_jobs", ("succeeded",)] == 2
    assert metrics["celshade_jobs", ("queued",)] == 1
    assert metrics["celshade_jobs_submitted_total", ()] == 3
    assert metrics["celshade_cache_total", ("hit",)] == 1
    assert metrics["celshade_renders_done_total", ()] == 1
    assert metrics["celshade_workers", ("flat", "ready", "v1")] == 1
    assert metrics["celshade_line_waiting", ("flat", "v1")] == 1
    assert metrics_of(PhotoClient(make_app())) == metrics


def test_how_far_off_the_etas_were_is_a_metric(client: PhotoClient, worker: HandWorker) -> None:
    assert ("celshade_eta_error_p90_seconds", ()) not in metrics_of(client)
    told_s = client.submit()["queue"]["eta_seconds"]
    worker.work_once()
    metrics = metrics_of(client)
    assert metrics["celshade_eta_error_seconds_count", ()] == 1
    error_s = metrics["celshade_eta_error_seconds_sum", ()]
    assert told_s is not None
    assert error_s >= 0
    # One render: its error lies in the bucket that the quantile is read from.
    bounds_s = [0.0, *sorted(ETA_BOUNDS_S), float("inf")]
    (low_s, high_s), *_ = [
        pair for pair in itertools.pairwise(bounds_s) if pair[0] <= error_s <= pair[1]
    ]
    assert low_s <= metrics["celshade_eta_error_p90_seconds", ()] <= high_s


def test_probes_tell_life_from_readiness(
    client: PhotoClient, make_app: MakeApp, objects: object, api_settings: Settings
) -> None:
    assert client.get("/healthz").status_code == 200
    assert client.get("/readyz").status_code == 200
    drafts = api_settings.data_dir / "objects" / ".drafts"
    shutil.rmtree(drafts)
    answer = client.get("/readyz")
    assert (answer.status_code, body_of(answer)["code"]) == (503, "storage_unavailable")
    assert [fault["field"] for fault in body_of(answer)["errors"]] == ["storage"]
    assert client.get("/healthz").status_code == 200
    drafts.mkdir()
    assert client.get("/readyz").status_code == 200


def test_a_wrong_method_is_told_the_right_ones(client: PhotoClient) -> None:
    answer = client.call("PUT", "/v1/jobs")
    assert (answer.status_code, body_of(answer)["code"]) == (405, "method_not_allowed")
    assert {"GET", "POST"} <= set(answer.headers["Allow"].replace(" ", "").split(","))


@pytest.mark.parametrize(
    ("given", "is_kept"),
    [("order-17.b_2", True), ("x" * 65, False), ("a b", False), ('{"a"}', False), ("", False)],
)
def test_a_request_id_is_taken_over_when_it_is_sane(
    client: PhotoClient, given: str, is_kept: bool
) -> None:
    answer = client.get("/v1/jobs/nothing", X_Request_Id=given)
    told = answer.headers["X-Request-Id"]
    assert (told == given) is is_kept
    assert body_of(answer)["request_id"] == told


def test_every_request_is_one_line_of_json(
    client: PhotoClient, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="api.access"):
        client.get("/v1/limits?signature=secret", X_Request_Id="id-1")
    (record,) = [record for record in caplog.records if record.name == "api.access"]
    line: Json = json.loads(JsonFormatter("api").format(record))
    assert (line["method"], line["path"], line["status"]) == ("GET", "/v1/limits", 200)
    assert line["caller"] == "local"
    assert line["duration_ms"] >= 0
    assert "secret" not in json.dumps(line)


def test_no_page_may_do_anything_with_an_answer(client: PhotoClient) -> None:
    headers = client.get("/v1/limits").headers
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "Set-Cookie" not in headers
    assert "Access-Control-Allow-Origin" not in headers
