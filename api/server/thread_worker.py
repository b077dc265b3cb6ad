"""gunicorn's threaded worker, with its threads kept for clients that send.

Owns what happens between a connection and the application; knows nothing of routes. It leans on
gunicorn's `ThreadWorker` at the named points only; `tests/integration/api` holds each of them.
"""

import select
import selectors
import socket
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from gunicorn.workers.gthread import (  # type: ignore[import-untyped]  # gunicorn ships no types
    TConn,
    ThreadWorker,
)

from api.http.connection import CLIENT_LEFT, STOPPING
from api.server import unreadable
from api.server.client_socket import ClientSocket, HeaderPatience
from api.server.limits import IntakeLimits
from api.server.lingering import Lingerer
from api.server.middleware import IntakeMiddleware
from api.server.pace import Pace, WaitingSlots

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class CelshadeWorker(ThreadWorker):  # type: ignore[misc]  # gunicorn ships no types
    """A worker process: threads that serve requests, and half of them at most wait for clients.

    Its gunicorn application carries the `limits`.
    """

    def init_process(self) -> None:
        """Prepare what the threads share, then serve."""
        self.limits: IntakeLimits = self.app.limits
        self.slots = WaitingSlots(self.cfg.threads // 2)
        self.lingerer = Lingerer()
        self.lingerer.start()
        super().init_process()

    def load_wsgi(self) -> None:
        """Load the application and put our reader before it."""
        app: WSGIApplication = self.app.wsgi()
        intake = IntakeMiddleware(app, self.limits, self.slots)
        self.wsgi = _adapted(intake, is_stopping=lambda: not self.alive)

    def enqueue_req(self, conn: TConn) -> None:
        """Give a connection to the threads once its client has sent something.

        gunicorn lets a thread wait 5 s for the first byte; browsers open connections ahead of need.
        """
        if conn.initialized or conn.data_ready:
            super().enqueue_req(conn)
            return
        conn.sock = ClientSocket.adopt(conn.sock)
        conn.sock.setblocking(False)
        conn.timeout = time.monotonic() + self.cfg.keepalive
        self.pending_conns.append(conn)
        watch = partial(self.on_pending_socket_readable, conn)
        self.poller.register(conn.sock, selectors.EVENT_READ, watch)

    def handle(self, conn: TConn) -> object:
        """Serve one request in a thread; see the connection off elsewhere if it is the last."""
        header_pace = Pace(self.limits.for_headers(), self.slots)
        conn.sock.be_patient(HeaderPatience(header_pace))
        try:
            keep = super().handle(conn)
        finally:
            conn.sock.be_patient(None)
        if not keep:
            self.lingerer.take(conn.sock)
        return keep

    def finish_request(self, conn: TConn, done: "Future[object]") -> None:
        """Count a connection out that is being seen off; gunicorn would try to close it again."""
        if conn.sock.fileno() < 0:
            self.nr_conns -= 1
            return
        super().finish_request(conn, done)

    def handle_error(
        self, req: object, client: socket.socket, addr: object, exc: Exception
    ) -> None:
        """Answer what could not be read, or went wrong outside of the application, as a problem."""
        code = unreadable.code_of(exc)
        if code == "internal":
            self.log.exception("a request went wrong outside of the application")
        with suppress(OSError):  # whoever sent it has gone
            unreadable.refuse(client, code)

    def set_accept_enabled(self, enabled: bool) -> None:
        """Stop accepting for good once the process stops: serve who has knocked, close the door.

        gunicorn keeps the listener open until the last request has ended: whoever connects
        meanwhile waits in its queue, and is reset with it.
        """
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        for listener in self.sockets:
            if listener.fileno() < 0:  # closed already: the master was killed first
                continue
            door = select.poll()
            door.register(listener, select.POLLIN)
            while door.poll(0):
                self.accept(listener)
            listener.close()

    def is_parent_alive(self) -> bool:
        """Let go of the port at once when the master was killed; requests in flight still end."""
        alive = bool(super().is_parent_alive())
        if not alive:
            self.set_accept_enabled(False)
            for listener in self.sockets:
                listener.close()
        return alive

    def _cap_keepalive(self, deadline: float) -> None:
        """Let connections that never sent anything not hold up the end either."""
        super()._cap_keepalive(deadline)
        for conn in self.pending_conns:
            conn.timeout = min(conn.timeout, deadline)


def _adapted(app: "WSGIApplication", is_stopping: Callable[[], bool]) -> "WSGIApplication":
    """Let the application say `Connection: close`, and see when the process is stopping.

    gunicorn drops that header and keeps the connection; `start_response` is a method of its
    `Response`, which has the switch.
    """

    def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        def start(
            status: str, headers: list[tuple[str, str]], exc_info: "OptExcInfo | None" = None, /
        ) -> Callable[[bytes], object]:
            if ("Connection", "close") in headers:
                start_response.__self__.force_close()  # type: ignore[attr-defined]  # see above
            return start_response(status, headers, exc_info)

        environ[STOPPING] = is_stopping
        connection = environ.get("gunicorn.socket")
        if isinstance(connection, ClientSocket):
            environ[CLIENT_LEFT] = connection.has_left
        return app(environ, start)

    return application
