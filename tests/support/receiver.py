"""A receiver of webhooks: a real HTTP server in this process that keeps what it is sent.

What it answers, the test says: a status for each request in turn, the last one for all that follow.
"""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, SimpleQueue
from typing import Any

from standardwebhooks import Webhook

HEARD_S = 60.0  # generous: the machine may be busy


@dataclass(frozen=True)
class Heard:
    """One request: its path, its headers in lower case, and its body."""

    path: str
    headers: dict[str, str]
    body: bytes

    def verified(self, secret: str) -> Any:
        """What it says, once the stock verifier has accepted it.

        Raises:
            WebhookVerificationError: It has not.
        """
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """The running server.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        statuses: What it answers, in turn.
        headers: What its answers say besides.
        held: While it is not set, answers wait.
        pause_s: How long every answer waits.
        stop: Lets go of the port.
    """

    port: int = 0
    statuses: Sequence[int] = (200,)
    headers: Mapping[str, str] = field(default_factory=dict)
    held: threading.Event = field(default_factory=threading.Event)
    heard: "SimpleQueue[Heard]" = field(default_factory=SimpleQueue)
    pause_s: float = 0.0
    count: int = 0
    stop: Callable[[], None] = lambda: None

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}/hook"

    def next(self, timeout_s: float = HEARD_S) -> Heard:
        """Wait for the next request."""
        return self.heard.get(timeout=timeout_s)

    def nothing(self) -> bool:
        """Whether there is no request that nobody has looked at."""
        try:
            self.heard.get_nowait()
        except Empty:
            return True
        return False

    def take(self, request: Heard) -> int:
        """Keep a request; what is to be answered."""
        status = self.statuses[min(self.count, len(self.statuses) - 1)]
        self.count += 1
        self.heard.put(request)
        self.held.wait()
        time.sleep(self.pause_s)
        return status


@contextlib.contextmanager
def receiving(**settings: Any) -> Iterator[Receiver]:
    """Run a receiver for as long as the block lasts."""
    receiver = Receiver(**settings)
    receiver.held.set()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            named = {name.lower(): value for name, value in self.headers.items()}
            status = receiver.take(Heard(self.path, named, body))
            with contextlib.suppress(OSError):  # whoever asked may have gone
                self.send_response(status)
                for name, value in receiver.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

        def do_GET(self) -> None:
            self.do_POST()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    receiver.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()

    def stop() -> None:
        receiver.held.set()
        server.shutdown()
        server.server_close()
        thread.join()

    receiver.stop = stop
    try:
        yield receiver
    finally:
        stop()
