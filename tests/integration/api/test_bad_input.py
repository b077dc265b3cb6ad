"""Bad input, over real connections to the real server: a clear answer, and nothing left behind."""

import struct
import subprocess
import sys
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
import redis
from pydantic import SecretStr

from common.jobstore import JobStore
from common.objects.factory import open_local_store
from common.objects.local import LocalStore
from common.processes import child_processes
from common.settings import Settings, environment_with
from tests.integration.api.intake_server import DEADLINE_S, ROOT, free_port
from tests.support import servers
from tests.support.audit import audit
from tests.support.hand_worker import HandWorker
from tests.support.photos import photo

MAX_UPLOAD_BYTES = 40_000_000


@dataclass(frozen=True)
class Service:
    """The real server, what it keeps, and a client of it."""

    http: httpx.Client
    redis_url: str
    objects: LocalStore
    process: child_processes.Child

    def post(self, *files: tuple[str, bytes], **fields: str) -> httpx.Response:
        """Submit files as a form."""
        parts = [("image", (name, content)) for name, content in files]
        return self.http.post("/v1/jobs", files=parts, data=fields)

    def traces(self) -> set[str]:
        """Everything that a submission could leave behind."""
        with redis.Redis.from_url(self.redis_url, decode_responses=True) as connection:
            keys = {str(key) for key in connection.scan_iter("*")}
        kinds = ("job:", "jobs:", "render:", "attached:", "holders:", "idem:", "doomed", "line")
        left = {key for key in keys if key.removeprefix("celshade:").startswith(kinds)}
        return left | set(self.objects.list_names())


def start(settings: Settings, log: Path) -> child_processes.Child:
    """Start the API as an operator does, and wait until it answers."""
    environment = environment_with(
        redis_url=settings.redis_url.get_secret_value(),
        objects="local",
        data_dir=str(settings.data_dir),
        api_port=str(settings.api_port),
        api_processes="1",
        api_threads="4",
    )

    def answers() -> bool:
        try:
            url = f"http://127.0.0.1:{settings.api_port}/healthz"
            return httpx.get(url, timeout=5).is_success
        except httpx.TransportError:
            return False

    with log.open("ab") as output:
        child = child_processes.start_child(
            [sys.executable, "-m", "api"],
            env=environment,
            cwd=ROOT,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    child_processes.wait_until_ready(child, answers, name="api", timeout_s=DEADLINE_S)
    return child


@pytest.fixture(scope="module")
def process(
    redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Settings, child_processes.Child]]:
    """One server for all tests here: nothing they send may end it."""
    folder = tmp_path_factory.mktemp("api")
    settings = Settings(
        redis_url=SecretStr(redis_url), objects="local", data_dir=folder, api_port=free_port()
    )
    child = start(settings, folder / "api.log")
    try:
        yield settings, child
    finally:
        child_processes.stop_child(child, grace_s=DEADLINE_S)


@pytest.fixture
def service(
    clean_redis_url: str, process: tuple[Settings, child_processes.Child]
) -> Iterator[Service]:
    """The server with one worker registered; audited, and still the same process, afterwards."""
    settings, child = process
    store = JobStore.from_settings(settings, timeout_s=servers.STORE_TIMEOUT_S)
    objects = open_local_store(settings)
    objects.delete(list(objects.list_names()))
    HandWorker(store, objects).beat()
    base_url = f"http://127.0.0.1:{settings.api_port}"
    with httpx.Client(base_url=base_url, timeout=DEADLINE_S) as http:
        yield Service(http, clean_redis_url, objects, child)
    audit(clean_redis_url, objects)
    store.redis.close()
    assert child.poll() is None


def hollow_png(width: int, height: int) -> bytes:
    """A PNG that announces its size and holds no pixel."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", b""), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    )


BAD_PHOTOS = [
    ((), 400, "malformed_request"),
    ((("a.jpg", photo()), ("b.jpg", photo())), 400, "malformed_request"),
    ((("a.jpg", b""),), 422, "invalid_image"),
    ((("a.jpg", photo()[:2] + b"\0" * 500),), 422, "invalid_image"),
    ((("a.jpg", b"this is a letter, not a photo"),), 415, "unsupported_media_type"),
    ((("a.png", hollow_png(30_000, 30_000)),), 422, "too_many_pixels"),
    ((("a.jpg", photo(8, 8)),), 422, "image_too_small"),
]


@pytest.mark.parametrize(("files", "status", "code"), BAD_PHOTOS)
def test_a_bad_photo_is_refused(
    service: Service, files: tuple[tuple[str, bytes], ...], status: int, code: str
) -> None:
    answer = service.post(*files, strength="0.5")
    assert_refused(service, answer, status, code)


@pytest.mark.parametrize(
    ("fields", "code", "field"),
    [
        ({"style": "oil-on-canvas"}, "unknown_style", "style"),
        ({"style": "../../etc/passwd"}, "unknown_style", "style"),
        ({"strength": "2"}, "invalid_param", "strength"),
        ({"strength": "-0.1"}, "invalid_param", "strength"),
        ({"strength": "nan"}, "invalid_param", "strength"),
        ({"strength": "inf"}, "invalid_param", "strength"),
        ({"size": "1e9"}, "invalid_param", "size"),
        ({"size": "1000000000"}, "invalid_param", "size"),
        ({"size": "255"}, "invalid_param", "size"),
        ({"format": "bmp"}, "invalid_param", "format"),
        ({"quality": "0"}, "invalid_param", "quality"),
        ({"priority": "first"}, "invalid_param", "priority"),
        ({"metadata": '{"a": 1}'}, "invalid_param", "metadata"),
        ({"metadata": "[" * 1000}, "invalid_param", "metadata"),
        ({"metadata": '{"a": "\\ud800"}'}, "invalid_param", "metadata"),
        ({"webhook_url": "https://example.com:22/"}, "invalid_param", "webhook_url"),
        ({"stlye": "flat"}, "invalid_param", "stlye"),
    ],
)
def test_a_bad_parameter_is_refused(
    service: Service, fields: dict[str, str], code: str, field: str
) -> None:
    answer = service.post(("a.jpg", photo()), **fields)
    assert_refused(service, answer, 422, code)
    assert [fault["field"] for fault in answer.json()["errors"]] == [field]


@pytest.mark.parametrize(
    "headers",
    [{"Cancel-After": "soon"}, {"Cancel-After": "0s"}, {"Idempotency-Key": "k" * 256}],
)
def test_a_bad_header_is_refused(service: Service, headers: dict[str, str]) -> None:
    answer = service.http.post(
        "/v1/jobs", content=photo(), headers={**headers, "Content-Type": "image/jpeg"}
    )
    assert_refused(service, answer, 422, "invalid_param")


def pieces() -> Iterator[bytes]:
    """More than is accepted, without saying so before."""
    for _ in range(45):
        yield b"\xff\xd8" + b"x" * (MAX_UPLOAD_BYTES // 40)


@pytest.mark.parametrize(
    "content", [b"x" * (MAX_UPLOAD_BYTES + 1), pieces()], ids=["len", "chunks"]
)
def test_an_upload_over_the_limit_sees_its_413(service: Service, content: Any) -> None:
    answer = service.http.post("/v1/jobs", content=content, headers={"Content-Type": "image/jpeg"})
    assert_refused(service, answer, 413, "upload_too_large")


def test_an_encoded_body_is_refused(service: Service) -> None:
    headers = {"Content-Type": "image/jpeg", "Content-Encoding": "gzip"}
    answer = service.http.post("/v1/jobs", content=photo(), headers=headers)
    assert_refused(service, answer, 415, "unsupported_media_type")


def test_json_is_refused_with_a_hint(service: Service) -> None:
    answer = service.http.post("/v1/jobs", json={"image_url": "http://127.0.0.1/"})
    assert_refused(service, answer, 422, "invalid_param")
    assert "send the photo itself" in answer.json()["detail"]


def test_a_truncated_photo_is_accepted_and_left_to_the_decoder(service: Service) -> None:
    answer = service.post(("a.jpg", photo(800, 600)[:-200]))
    assert answer.status_code == 202


@pytest.mark.parametrize(
    "name",
    ["../../../etc/passwd", "a\\..\\b.jpg", "<script>.jpg", "x" * 5000, "\u202egpj.exe", "C:\\"],
)
def test_a_hostile_file_name_has_no_effect(service: Service, name: str) -> None:
    answer = service.post((name, photo()))
    assert answer.status_code == 202
    assert name not in answer.text
    stored = list(service.objects.list_names())
    assert [stem for stem, _, _ in (one.partition("/") for one in stored)] == ["inputs"]


@pytest.mark.parametrize(
    "path",
    [
        "/v1/jobs/nosuchjob",
        "/v1/jobs/" + "0" * 32,
        "/v1/jobs/" + "A" * 32,
        "/v1/jobs/" + "0" * 32 + "/result",
        "/v1/jobs/" + "0" * 32 + "/source",
        "/v1/jobs/%00",
        "/v1/jobs/%0a" + "0" * 31,
        "/v1/jobs/..%2f..%2fetc%2fpasswd",
        "/v1//jobs",
        "/v1/jobs/../../healthz%2f",
        "/v1/jobs/" + "0" * 32 + "/events",
    ],
)
def test_what_is_not_there_is_404(service: Service, path: str) -> None:
    answer = service.http.get(path)
    assert_refused(service, answer, 404, "not_found")


@pytest.mark.parametrize(
    "path", ["..%2fsigning.key", "%2e%2e/signing.key", "inputs/" + "0" * 32, "/etc/passwd", "%00"]
)
def test_files_without_a_signature_are_not_served(service: Service, path: str) -> None:
    answer = service.http.get(f"/files/{path}")
    assert answer.status_code in (403, 404)
    assert answer.headers["Content-Type"] == "application/problem+json"


def assert_refused(service: Service, answer: httpx.Response, status: int, code: str) -> None:
    """Hold an answer to be this problem, and the service to have kept nothing."""
    problem = answer.json()
    assert (answer.status_code, problem["code"], problem["status"]) == (status, code, status)
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert problem["detail"].endswith(".")
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert service.traces() == set()
