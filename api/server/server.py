"""Starts the WSGI server: who listens, how many threads serve, what dies with whom.

Owns gunicorn's configuration; nothing of it comes from the environment or from a file. The choice
is docs/adr/0005-wsgi-server.md.
"""

import errno
import gc
import os
import socket
import sys
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gunicorn.app.base import (  # type: ignore[import-untyped]  # gunicorn ships no types
    BaseApplication,
)
from gunicorn.arbiter import (  # type: ignore[import-untyped]  # gunicorn ships no types
    Arbiter,
)
from gunicorn.errors import (  # type: ignore[import-untyped]  # gunicorn ships no types
    HaltServer,
)

from api.server.limits import IntakeLimits
from api.server.thread_worker import CelshadeWorker
from common.allocator import give_back_freed_memory
from common.errors import CelshadeError, ConfigurationError
from common.processes.pid_file import remove_pid, write_pid
from common.settings import Settings

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

NAME = "api"
# Children of a master that was killed let go of the port within a second.
BIND_PATIENCE_S = 5.0
BACKLOG = 1024
# Requests in flight may end for so long after SIGTERM.
GRACE_S = 10
# Longer than the pause of a client that polls every few seconds.
KEEPALIVE_S = 15


class Server(BaseApplication):  # type: ignore[misc]  # gunicorn ships no types
    """gunicorn with our settings and nobody else's.

    Args:
        settings: The service's settings.
        create_app: Builds the application, once in each worker process.
        limits: What a request body may cost.
        listener: The bound socket.
    """

    def __init__(
        self,
        settings: Settings,
        create_app: "Callable[[Settings], WSGIApplication]",
        *,
        limits: IntakeLimits,
        listener: socket.socket,
    ) -> None:
        self.limits = limits
        self._settings = settings
        self._create_app = create_app
        self._listener = listener
        super().__init__()

    def load_config(self) -> None:
        """Configure gunicorn (called by it)."""
        for name, value in _configuration(self._settings, self._listener).items():
            self.cfg.set(name, value)

    def load(self) -> "WSGIApplication":
        """Build the application (called by gunicorn in each worker process).

        A fault in the settings ends the server with its sentence, not with a traceback per worker.
        """
        try:
            app = self._create_app(self._settings)
        except CelshadeError as error:
            sys.stderr.write(f"{error}\n")
            raise SystemExit(Arbiter.APP_LOAD_ERROR) from None
        # What is there now stays: going through it again and again took 4 % of each poll.
        gc.collect()
        gc.freeze()
        return app


def serve(
    settings: Settings,
    create_app: "Callable[[Settings], WSGIApplication]",
    *,
    limits: IntakeLimits | None = None,
) -> None:
    """Serve the API until SIGTERM; does not return: it ends the process.

    Requests in flight may end for `GRACE_S`; a worker process that dies is started again. With
    `settings.run_dir` the master's pid stands in `api.pid` there while it serves.

    Args:
        settings: Address, processes and threads.
        create_app: Builds the application, once in each worker process.
        limits: What a request body may cost; from the settings when left out.

    Raises:
        ConfigurationError: If the address cannot be bound.
        SystemExit: At the end.
    """
    limits = limits or IntakeLimits.from_settings(settings)
    give_back_freed_memory()  # the children inherit what the allocator was told
    listener = _listen(settings.api_host, settings.api_port)
    server = Server(settings, create_app, limits=limits, listener=listener)
    write_pid(settings.run_dir, NAME)
    try:
        server.run()
    except HaltServer as halt:
        # gunicorn loses its way when a second child fails while it stops because of the first.
        raise SystemExit(halt.exit_status) from None
    finally:
        remove_pid(settings.run_dir, NAME)  # the children come by here too; the file is not theirs


def _configuration(settings: Settings, listener: socket.socket) -> dict[str, Any]:
    """Say everything that differs from gunicorn's defaults, or must not be left to them.

    gunicorn takes the listener's descriptor over.
    """
    return {
        "bind": f"fd://{listener.detach()}",
        "worker_class": CelshadeWorker,
        "workers": settings.api_processes,
        "threads": settings.api_threads,
        "graceful_timeout": GRACE_S,
        "keepalive": KEEPALIVE_S,
        "proc_name": "celshade-api",
        "loglevel": "warning",
        "accesslog": None,  # the application logs requests, with their ids
        "control_socket_disable": True,  # nobody steers a running server
        "sendfile": False,  # it would wait for a client that reads nothing without end
        "forwarded_allow_ips": "",  # links come from public_url, never from a header
        "limit_request_line": 8190,
        "limit_request_fields": 64,
        "limit_request_field_size": 8190,
    }


def _listen(host: str, port: int) -> socket.socket:
    """Bind the address, with some patience for a predecessor that is just going.

    Raises:
        ConfigurationError: If it cannot be bound.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    give_up_s = time.monotonic() + BIND_PATIENCE_S
    while True:
        try:
            return socket.create_server((host, port), family=family, backlog=BACKLOG)
        except OSError as error:
            if error.errno == errno.EADDRINUSE and time.monotonic() < give_up_s:
                time.sleep(0.1)
                continue
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise ConfigurationError(
                f"Cannot listen on {host}:{port} ({reason.lower()}); "
                "set CELSHADE_API_HOST and CELSHADE_API_PORT to a free address of this machine."
            ) from None
