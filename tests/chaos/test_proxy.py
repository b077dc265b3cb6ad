"""The fault proxy before a real HTTP server: it does what it is asked, and stops doing it."""

import http.server
import threading
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.chaos.proxy import Fault, FaultProxy, Trouble

PICTURE = b"p" * 6_000


class _Server(http.server.BaseHTTPRequestHandler):
    """Keeps what is put and gives it back."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer(PICTURE)

    def do_PUT(self) -> None:
        self._answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *_: object) -> None:
        """Say nothing."""

    def _answer(self, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@pytest.fixture
def proxy() -> Iterator[FaultProxy]:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Server) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        with FaultProxy("127.0.0.1", server.server_address[1], seed=1) as proxy:
            yield proxy
        server.shutdown()
        thread.join()


@pytest.fixture
def client(proxy: FaultProxy) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{proxy.port}", timeout=20) as client:
        yield client


def test_without_a_fault_everything_passes(client: httpx.Client) -> None:
    assert client.get("/").content == PICTURE
    assert client.put("/", content=PICTURE * 100).content == PICTURE * 100


def test_a_refusal_comes_from_the_proxy_and_ends(proxy: FaultProxy, client: httpx.Client) -> None:
    assert client.get("/").status_code == 200
    proxy.set(Fault(Trouble.REFUSING, status=403))
    assert client.get("/").status_code == 403
    assert client.put("/", content=PICTURE).status_code == 403
    proxy.set(Fault())
    assert client.get("/").status_code == 200


def test_a_share_of_the_requests_is_refused(proxy: FaultProxy, client: httpx.Client) -> None:
    proxy.set(Fault(Trouble.REFUSING, status=500, share=0.3))
    statuses = [client.get("/").status_code for _ in range(60)]
    assert 5 < statuses.count(500) < 40
    assert set(statuses) == {200, 500}


def test_a_cut_ends_open_connections_and_new_ones(proxy: FaultProxy, client: httpx.Client) -> None:
    assert client.get("/").status_code == 200
    proxy.set(Fault(Trouble.CUT))
    for _ in range(2):
        with pytest.raises(httpx.TransportError):
            client.get("/")
    proxy.set(Fault())
    assert client.get("/").status_code == 200


def test_what_was_held_back_in_silence_arrives_later(
    proxy: FaultProxy, client: httpx.Client
) -> None:
    proxy.set(Fault(Trouble.SILENT))
    with pytest.raises(httpx.ReadTimeout):
        client.get("/", timeout=0.3)
    threading.Timer(0.3, proxy.set, args=(Fault(),)).start()
    assert client.get("/").content == PICTURE


def test_slowness_has_a_pace(proxy: FaultProxy, client: httpx.Client) -> None:
    proxy.set(Fault(Trouble.SLOW, bytes_per_s=20_000))
    began_s = time.monotonic()
    assert client.get("/").content == PICTURE
    assert time.monotonic() - began_s > len(PICTURE) / 20_000


@pytest.mark.parametrize("trouble", [Trouble.CUT, Trouble.SILENT])
def test_a_trouble_may_meet_only_what_says_certain_bytes(
    proxy: FaultProxy, client: httpx.Client, trouble: Trouble
) -> None:
    proxy.set(Fault(trouble, only=b"PUT "))
    assert client.get("/").content == PICTURE
    with pytest.raises(httpx.TransportError):
        client.put("/", content=PICTURE, timeout=0.5)
    assert client.get("/").content == PICTURE
    proxy.set(Fault())
    assert client.put("/", content=PICTURE).content == PICTURE
