"""The guard over real sockets: who is called, who is not, and how long anybody is waited for."""

import contextlib
import shutil
import socket
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from ipaddress import ip_address
from pathlib import Path

import pytest

from common.errors import BadTarget, NoAnswer, OutboundError
from common.outbound.addresses import Address, AddressGuard
from common.outbound.http_client import OutboundClient
from common.outbound.network import Deadline
from tests.support import servers
from tests.support.hostile_urls import LEADING_BACK, MALFORMED
from tests.support.listeners import Listeners, listening
from tests.support.receiver import Receiver, receiving

HERE = ip_address("127.0.0.1")
PUBLIC = ip_address("8.8.8.8")
PATIENCE_S = 60.0
NAME = "hook.example"
USUAL = ssl.create_default_context()  # made once: that takes 20 ms


@pytest.fixture(scope="module")
def listeners() -> Iterator[Listeners]:
    """Who must not be called."""
    with listening() as listeners:
        yield listeners


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Who may be."""
    with receiving() as receiver:
        yield receiver


def outbound(port: int, *networks: str, **more: object) -> OutboundClient:
    """Calls that may use a port, and reach some networks besides the public ones."""
    more.setdefault("tls", USUAL)
    return OutboundClient(AddressGuard(networks), frozenset({port}), **more)  # type: ignore[arg-type]  # the callers' own


def post(calls: OutboundClient, url: str, timeout_s: float = PATIENCE_S) -> int:
    return calls.post(calls.read(url), b"{}", headers={}, timeout_s=timeout_s)


@pytest.mark.parametrize("url", [*LEADING_BACK, *MALFORMED])
def test_what_leads_back_here_is_never_called(listeners: Listeners, url: str) -> None:
    with pytest.raises(OutboundError):
        post(outbound(listeners.port), url.format(port=listeners.port))
    assert not listeners.were_called


@pytest.mark.parametrize("url", MALFORMED)
def test_an_odd_form_is_refused_even_where_all_of_it_is_allowed(
    listeners: Listeners, url: str
) -> None:
    with pytest.raises(BadTarget):
        post(outbound(listeners.port, "0.0.0.0/0", "::/0"), url.format(port=listeners.port))
    assert not listeners.were_called


def test_the_listener_does_see_who_calls() -> None:
    with listening() as listeners:
        with pytest.raises(NoAnswer):
            post(outbound(listeners.port, "127.0.0.1/32"), f"http://127.0.0.1:{listeners.port}/", 1)
        assert listeners.were_called


@pytest.mark.parametrize("addresses", [(PUBLIC, HERE), (HERE, PUBLIC), (HERE,), ()])
def test_a_name_with_one_bad_address_is_not_called_at_all(
    listeners: Listeners, addresses: tuple[Address, ...]
) -> None:
    calls = outbound(listeners.port, names=lambda _: addresses)
    with pytest.raises(NoAnswer):
        post(calls, f"http://{NAME}:{listeners.port}/")
    assert not listeners.were_called


def test_a_name_is_asked_for_once_and_what_was_checked_is_called(receiver: Receiver) -> None:
    asked = []

    def rebinding(name: str) -> tuple[Address, ...]:
        asked.append(name)
        return (HERE,) if len(asked) == 1 else (ip_address("127.0.0.2"),)

    calls = outbound(receiver.port, "127.0.0.1/32", names=rebinding)
    assert post(calls, f"http://{NAME}:{receiver.port}/x?y=1") == 200
    heard = receiver.next()
    assert (heard.path, heard.headers["host"]) == ("/x?y=1", f"{NAME}:{receiver.port}")
    assert asked == [NAME]


def test_a_name_server_that_never_answers_ends_with_the_time(listeners: Listeners) -> None:
    never = threading.Event()

    def silent(_: str) -> tuple[Address, ...]:
        never.wait()
        return (PUBLIC,)

    with pytest.raises(NoAnswer, match="no answer"):
        post(outbound(listeners.port, names=silent), f"http://{NAME}:{listeners.port}/", 0.2)
    never.set()
    assert not listeners.were_called


def test_the_environment_names_no_proxy(
    receiver: Receiver, listeners: Listeners, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listeners.port}")
    assert post(outbound(receiver.port, "127.0.0.1/32"), receiver.url) == 200
    assert not listeners.were_called


def test_nothing_of_ours_is_told_but_what_is_meant(receiver: Receiver) -> None:
    post(outbound(receiver.port, "127.0.0.1/32"), receiver.url)
    assert set(receiver.next().headers) == {"host", "user-agent", "connection", "content-length"}


# --- Servers that misbehave ---


def hear_out(connection: socket.socket) -> None:
    """Read a whole request: who closes with something unread cuts its own answer off."""
    heard = b""
    while piece := connection.recv(65536):
        heard += piece
        if heard.endswith(b"{}" if b"Content-Length" in heard else b"\r\n\r\n"):
            return


@contextlib.contextmanager
def saying(*pieces: bytes, pause_s: float = 0.0) -> Iterator[int]:
    """Run a server that reads a little and says these pieces; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        over = threading.Event()

        def serve() -> None:
            with contextlib.suppress(OSError):
                connection, _ = server.accept()
                with connection:
                    hear_out(connection)
                    for piece in pieces:
                        connection.sendall(piece)
                        if over.wait(pause_s):
                            return

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield server.getsockname()[1]
        over.set()


@pytest.mark.parametrize(
    "said",
    [
        b"",
        b"220 smtp.example ESMTP\r\n",
        b"HTTP/1.1 999999 what\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * 200_000,
        b"+PONG\r\n",
    ],
)
def test_what_does_not_speak_http_is_no_answer(said: bytes) -> None:
    with saying(said) as port, pytest.raises(NoAnswer):
        post(outbound(port, "127.0.0.1/32"), f"http://127.0.0.1:{port}/", 5)


def test_a_server_that_drips_is_given_up_on_in_time() -> None:
    begun_s = time.monotonic()
    drops = (b"HTTP/1.1 200 OK\r\n", *[b"X: y\r\n"] * 10_000)
    with saying(*drops, pause_s=0.05) as port, pytest.raises(NoAnswer):
        post(outbound(port, "127.0.0.1/32"), f"http://127.0.0.1:{port}/", 1)
    assert time.monotonic() - begun_s < PATIENCE_S / 2


def test_a_status_counts_though_its_body_never_ends() -> None:
    begun_s = time.monotonic()
    head = b"HTTP/1.1 204 No Content\r\n\r\n"
    endless = b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n"
    with saying(head) as port:
        assert post(outbound(port, "127.0.0.1/32"), f"http://127.0.0.1:{port}/") == 204
    with saying(endless, *[b"x"] * 10_000, pause_s=0.05) as port:
        assert post(outbound(port, "127.0.0.1/32"), f"http://127.0.0.1:{port}/") == 200
    assert time.monotonic() - begun_s < PATIENCE_S / 2


def test_what_is_fetched_breaks_off_as_no_answer() -> None:
    short = b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc"
    with saying(short) as port:
        calls = outbound(port, "127.0.0.1/32")
        target, deadline = calls.read(f"http://127.0.0.1:{port}/"), Deadline(PATIENCE_S)
        with calls.get(target, headers={}, deadline=deadline) as reply, pytest.raises(NoAnswer):
            list(reply.chunks)


# --- TLS ---


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own making for one name, its key in the same file."""
    openssl = shutil.which("openssl")
    if openssl is None:
        servers.absent("openssl is not installed; it makes the certificate of these tests")
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"),
            *("-nodes", "-days", "2", "-subj", f"/CN={NAME}"),
            *("-addext", f"subjectAltName=DNS:{NAME}"),
            *("-keyout", str(folder / "key"), "-out", str(folder / "cert")),
        ],
        check=True,
        capture_output=True,
    )
    whole = folder / "both.pem"
    whole.write_bytes((folder / "key").read_bytes() + (folder / "cert").read_bytes())
    return whole


@contextlib.contextmanager
def over_tls(certificate: Path) -> Iterator[tuple[int, list[str | None]]]:
    """Run a server over TLS that answers 200; its port, and the names it was asked for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[str | None] = []
    context.sni_callback = lambda _, name, __: asked.append(name)
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            with contextlib.suppress(OSError):
                plain, _ = server.accept()
                with context.wrap_socket(plain, server_side=True) as connection:
                    hear_out(connection)
                    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], asked


def test_certificates_are_those_of_the_name_though_an_address_is_called(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    with over_tls(certificate) as (port, asked):
        calls = outbound(port, "127.0.0.1/32", tls=trusting, names=lambda _: (HERE,))
        assert post(calls, f"https://{NAME}:{port}/") == 200
    assert asked == [NAME]


def test_a_certificate_of_another_name_is_no_answer(certificate: Path) -> None:
    trusting = ssl.create_default_context(cafile=str(certificate))
    with over_tls(certificate) as (port, _):
        calls = outbound(port, "127.0.0.1/32", tls=trusting, names=lambda _: (HERE,))
        with pytest.raises(NoAnswer):
            post(calls, f"https://other.example:{port}/")


def test_a_certificate_that_nobody_vouches_for_is_no_answer(certificate: Path) -> None:
    with over_tls(certificate) as (port, _):
        calls = outbound(port, "127.0.0.1/32", names=lambda _: (HERE,))
        with pytest.raises(NoAnswer):
            post(calls, f"https://{NAME}:{port}/")
