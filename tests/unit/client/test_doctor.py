"""`celshade doctor`: each fault has its result, and what to do."""

import io
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
from PIL import Image

from celshade import RetryPolicy, ServerUnreachable
from celshade.client.client import Client
from celshade.client.errors import BadAnswer
from celshade.client.transport import Transport
from celshade.command.check_results import CheckResult, CheckStatus
from celshade.command.download_check import check_latest_picture
from celshade.command.sample_photo import sample_photo
from celshade.command.server_checks import ServerChecks

STYLE = {"name": "ink", "default": True, "workers": {"ready": 1, "starting": 0}}
SHARE = {"used": 1, "limit": 10, "left": 9}
HEALTHY: dict[str, Any] = {
    "/healthz": {"status": "ok"},
    "/readyz": {"status": "ok", "workers": {"ready": 2, "starting": 0}},
    "/openapi.json": {"info": {"version": "1"}},
    "/v1/usage": {"caller": "ann", "open_jobs": SHARE, "megapixels": SHARE, "answers": {}},
    "/v1/admin/dead": {"data": []},
    "/v1/styles": {"data": [STYLE]},
    "/v1/queue": {"waiting": 3, "running": 1, "workers": {}},
    "/v1/limits": {"content_types": ["image/jpeg", "image/heic"]},
}


def problem(status: int, code: str, detail: str = "A sentence.") -> httpx.Response:
    return httpx.Response(status, json={"code": code, "detail": detail})


def backend(
    responses: dict[str, Any], date: datetime | None = None
) -> Callable[[httpx.Request], httpx.Response]:
    def handler(request: httpx.Request) -> httpx.Response:
        response = responses[request.url.path]
        if isinstance(response, httpx.Response):
            return response
        headers = {"Date": format_datetime(date or datetime.now(UTC), usegmt=True)}
        return httpx.Response(200, json=response, headers=headers)

    return handler


def examined(
    *, has_key: bool = False, date: datetime | None = None, **changed: Any
) -> dict[str, CheckResult]:
    responses = {**HEALTHY, **{f"/{path.replace('__', '/')}": v for path, v in changed.items()}}
    http = Transport(
        "http://here",
        "k" if has_key else None,
        timeout_s=1,
        policy=RetryPolicy(retries=0),
        sleep=lambda _: None,
        backend=httpx.MockTransport(backend(responses, date)),
    )
    return {result.name: result for result in ServerChecks(http, has_key=has_key).results()}


def test_a_healthy_server_has_no_fault() -> None:
    found = examined()
    assert [name for name, each in found.items() if each.status is CheckStatus.BAD] == []
    assert "you are 'ann'" in found["key"].text
    assert found["HEIC"].status is CheckStatus.GOOD
    assert "3 waiting, 1 under way" in found["queue"].text


@pytest.mark.parametrize(
    ("changed", "name", "word"),
    [
        ({"readyz": problem(503, "storage_unavailable")}, "parts", "readyz"),
        ({"readyz": {"workers": {"ready": 0, "starting": 0}}}, "workers", "python -m worker"),
        ({"v1__usage": problem(403, "forbidden")}, "key", "scope jobs"),
        ({"v1__usage": problem(401, "unauthorized")}, "key", "CELSHADE_API_KEY"),
        ({"v1__styles": {"data": []}}, "styles", "python -m worker"),
        ({"v1__styles": {"data": [{**STYLE, "workers": {"ready": 0}}]}}, "styles", "wait"),
        (
            {
                "v1__usage": {
                    "caller": "ann",
                    "open_jobs": {**SHARE, "left": 0},
                    "megapixels": SHARE,
                }
            },
            "share",
            "cancel",
        ),
        (
            {
                "v1__usage": {
                    "caller": "ann",
                    "open_jobs": SHARE,
                    "megapixels": {**SHARE, "left": 0},
                }
            },
            "share",
            "midnight",
        ),
    ],
)
def test_each_fault_is_found_and_says_what_to_do(
    changed: dict[str, Any], name: str, word: str
) -> None:
    found = examined(**changed)
    assert found[name].status is CheckStatus.BAD
    assert word in found[name].advice


def test_a_refused_key_ends_the_questions() -> None:
    assert list(examined(has_key=True, v1__usage=problem(401, "unauthorized")))[-1] == "key"


def test_an_ordinary_key_is_shown_what_it_may_not() -> None:
    found = examined(has_key=True, v1__admin__dead=problem(403, "forbidden"))
    assert found["admin"].status is CheckStatus.NOTE
    assert found["key"].status is CheckStatus.GOOD


@pytest.mark.parametrize(("off_s", "word"), [(3600, "behind"), (-3600, "ahead of")])
def test_clocks_that_are_far_apart_are_found(off_s: int, word: str) -> None:
    found = examined(date=datetime.now(UTC) + timedelta(seconds=off_s))
    assert found["clock"].status is CheckStatus.BAD
    assert word in found["clock"].text
    assert examined()["clock"].status is CheckStatus.GOOD


def test_no_heic_is_good_to_know() -> None:
    found = examined(v1__limits={"content_types": ["image/jpeg"]})
    assert (found["HEIC"].status, bool(found["HEIC"].advice)) == (CheckStatus.NOTE, True)


def test_something_else_than_a_server_is_none() -> None:
    with pytest.raises(BadAnswer, match="not a Celshade server"):
        examined(healthz={"status": "fine"})


def test_a_storage_that_cannot_be_reached_is_named() -> None:
    output = {"content_type": "image/jpeg", "url": "http://minio:9000/x"}
    job = {"id": "1", "status": "succeeded", "output": output, "urls": {}}

    def handler(request: httpx.Request) -> httpx.Response:
        if request.url.path == "/v1/jobs":
            return httpx.Response(200, json={"data": [job], "next_cursor": None})
        if request.url.host == "here":
            return httpx.Response(302, headers={"Location": "http://minio:9000/x"})
        raise httpx.ConnectError("no such host")

    client = Client("http://here", sleep=lambda _: None, backend=httpx.MockTransport(handler))
    result = check_latest_picture(client)
    assert result.status is CheckStatus.BAD
    assert "http://minio:9000" in result.text
    assert "CELSHADE_S3_PUBLIC_ENDPOINT_URL" in result.advice


def test_a_server_that_is_away_ends_the_checks() -> None:
    def gone(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("gone")

    policy = RetryPolicy(retries=0)
    http = Transport("http://here", None, timeout_s=1, policy=policy, sleep=lambda _: None,
                     backend=httpx.MockTransport(gone))  # fmt: skip
    with pytest.raises(ServerUnreachable):
        list(ServerChecks(http, has_key=False).results())


def test_its_own_picture_is_a_photo_and_another_one_each_time() -> None:
    first, second = sample_photo(), sample_photo()
    assert first != second
    with Image.open(io.BytesIO(first)) as picture:
        picture.load()
        assert (picture.size, picture.mode, picture.format) == ((64, 64), "RGB", "PNG")
        assert picture.getpixel((0, 0)) != picture.getpixel((63, 0))
