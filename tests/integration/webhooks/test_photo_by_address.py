"""Photos by address: fetched from a real server, held to what uploads are held to."""

import contextlib
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from werkzeug.test import TestResponse

from common.settings import Settings
from tests.integration.api.photo_client import body_of
from tests.integration.webhooks.conftest import Service
from tests.support.listeners import listening
from tests.support.photos import photo
from tests.support.receiver import Receiver

LARGEST = 200_000


@dataclass
class Shelf:
    """A server that hands out what the test puts there: status, headers and body by path."""

    port: int = 0
    things: dict[str, tuple[int, Mapping[str, str], bytes]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    held: threading.Event = field(default_factory=threading.Event)

    def url(self, path: str) -> str:
        """The address of a thing."""
        return f"http://127.0.0.1:{self.port}{path}"

    def put(self, path: str, body: bytes = b"", status: int = 200, **headers: str) -> str:
        """Put a thing there; header names have `_` for `-`."""
        self.things[path] = (status, {k.replace("_", "-"): v for k, v in headers.items()}, body)
        return self.url(path)


@pytest.fixture
def shelf() -> Iterator[Shelf]:
    """A running server."""
    shelf = Shelf()
    shelf.held.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            shelf.asked.append(self.path)
            status, headers, body = shelf.things[self.path]
            shelf.held.wait()
            with contextlib.suppress(OSError):
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads, server.block_on_close = True, False
    shelf.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield shelf
    shelf.held.set()
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def settings(settings: Settings, shelf: Shelf, receiver: Receiver) -> Settings:
    """Settings that fetch photos from the shelf."""
    changed = {
        "image_url": True,
        "outbound_ports": (shelf.port, receiver.port),
        "max_upload_bytes": LARGEST,
        "image_url_timeout_s": 20,
    }
    return Settings.model_validate({**settings.model_dump(), **changed})


def ask(service: Service, url: str, **fields: Any) -> TestResponse:
    return service.client.call("POST", "/v1/jobs", json={"image_url": url, **fields})


def test_a_photo_is_fetched_and_is_like_any_other(service: Service, shelf: Shelf) -> None:
    url = shelf.put("/a.jpg", photo(shade=3), Content_Type="text/plain")  # nobody looks at that
    answer = ask(service, url, size=256, strength=0.5, metadata={"from": "there"}, format="png")
    job = body_of(answer)
    assert answer.status_code == 202
    assert (job["params"]["size"], job["params"]["strength"]) == (256, 0.5)
    assert job["metadata"] == {"from": "there"}
    service.worker.work_once()
    sent = service.client.submit(photo(shade=3), size="256", strength="0.5", format="png")
    assert sent["cache"]["status"] == "hit"


def test_a_kept_image_may_be_named_in_the_same_way(service: Service, shelf: Shelf) -> None:
    kept = service.client.call("POST", "/v1/images", data=photo(), content_type="image/jpeg")
    image_id = body_of(kept)["image_id"]
    answer = service.client.call("POST", "/v1/jobs?size=300", json={"image_id": image_id})
    assert (answer.status_code, body_of(answer)["params"]["size"]) == (202, 300)


def test_three_redirects_are_followed_and_a_fourth_is_not(service: Service, shelf: Shelf) -> None:
    shelf.put("/4", photo())
    for number in range(4):
        shelf.put(f"/{number}", status=302, Location=f"/{number + 1}")
    assert ask(service, shelf.url("/1")).status_code == 202
    shelf.asked.clear()
    assert ask(service, shelf.url("/0")).status_code == 422
    assert shelf.asked == ["/0", "/1", "/2", "/3"]


def test_a_redirect_to_what_is_forbidden_is_not_followed(service: Service, shelf: Shelf) -> None:
    with listening() as listeners:
        for place, location in enumerate(
            (
                f"http://127.0.0.2:{shelf.port}/",
                f"http://[::1]:{shelf.port}/",
                f"http://localhost.:{shelf.port}/",
                f"http://127.1:{shelf.port}/",
                f"http://127.0.0.1:{listeners.port}/",
                "file:///etc/passwd",
                "",
            )
        ):
            url = shelf.put(f"/{place}", status=307, Location=location)
            answer = ask(service, url)
            assert answer.status_code == 422
            assert "passwd" not in answer.text
        assert not listeners.were_called
    assert set(shelf.asked) == set(shelf.things)


def test_limits_are_those_of_an_upload(service: Service, shelf: Shelf) -> None:
    announced = shelf.put("/a", b"", Content_Length=str(LARGEST + 1))
    silent = shelf.put("/b", b"x" * (LARGEST + 1))
    for url in (announced, silent):
        answer = ask(service, url)
        assert (answer.status_code, body_of(answer)["code"]) == (413, "upload_too_large")


def test_what_is_fetched_and_is_no_photo_is_not_shown(service: Service, shelf: Shelf) -> None:
    secret = b"root:x:0:0:" * 40
    for place, (status, headers) in enumerate(
        ((200, {}), (404, {}), (500, {}), (200, {"Content_Encoding": "gzip"}), (206, {}))
    ):
        answer = ask(service, shelf.put(f"/{place}", secret, status, **headers))
        assert answer.status_code == (415 if (status, headers) == (200, {}) else 422)
        assert "root" not in answer.text


def test_at_most_a_quarter_of_the_threads_fetch(service: Service, shelf: Shelf) -> None:
    shelf.held.clear()
    url = shelf.put("/a", photo())
    most = service.settings.api_threads // 4
    answers: list[TestResponse] = []
    threads = [
        threading.Thread(target=lambda: answers.append(ask(service, url))) for _ in range(most)
    ]
    for thread in threads:
        thread.start()
    while len(shelf.asked) < most:
        pass
    answer = ask(service, url)
    assert (answer.status_code, body_of(answer)["code"]) == (503, "queue_full")
    assert answer.headers["Retry-After"] == "5"
    shelf.held.set()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {202}
    assert ask(service, url).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        b"{}",
        b"[]",
        b"{",
        b'{"image_url": null}',
        b'{"image_url": "http://a.example/", "image_id": "0"}',
        b'{"image_url": "http://a.example/", "colour": [1]}',
        b'{"image_url": "http://a.example/", "size": true}',
        b'{"image_url": {"a": 1}}',
        b'{"image_url": 5}',
    ],
)
def test_a_body_of_another_shape_is_refused(service: Service, shelf: Shelf, body: bytes) -> None:
    answer = service.client.call("POST", "/v1/jobs", data=body, content_type="application/json")
    assert answer.status_code in (400, 422)
    assert shelf.asked == []


def test_a_webhook_is_told_of_it(service: Service, shelf: Shelf, receiver: Receiver) -> None:
    answer = ask(service, shelf.put("/a", photo()), webhook_url=receiver.url)
    service.worker.work_once()
    service.send()
    said = receiver.next().verified(service.secret())
    assert said["data"]["id"] == body_of(answer)["id"]
