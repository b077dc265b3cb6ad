"""The whole service on one data directory: prepared, run until told to stop, left clean.

It joins directory, servers, programs and supervisor, and knows nothing of terminals.
"""

import threading
import time
from collections.abc import Callable
from dataclasses import replace

from common.errors import ConfigurationError
from common.processes.pid_file import is_alive, read_pid
from common.processes.supervisor import Supervisor, Watcher
from common.settings import Settings
from deploy.local import server_identity
from deploy.local.data_directory import Layout, write_address
from deploy.local.options import StackOptions
from deploy.local.probes import ApiProbe
from deploy.local.programs import all_programs, prepare_servers

# The API of a stack that was killed ends its requests before it frees its port.
PREDECESSOR_GOES_S = 15.0


class Stack:
    """One run of the service; complete when made, and holding its directory while it runs.

    Attributes:
        layout: Where everything lies.
        url: The API's address on this machine.
    """

    def __init__(self, options: StackOptions, settings: Settings, watcher: Watcher) -> None:
        self.layout = Layout(options.data)
        self._options = replace(options, port=options.port or server_identity.free_port())
        self._settings = settings
        self._watcher = watcher
        self.url = ApiProbe(settings.api_host, self._options.port).url
        self._supervisor: Supervisor | None = None

    def run(self, stop: threading.Event, *, on_ready: Callable[[], None]) -> None:
        """Run everything until the event is set.

        Args:
            stop: Ends the run.
            on_ready: Called once, when all answer for the first time.

        Raises:
            ConfigurationError: It cannot be started as asked; the text says what to do.
            StartFailed: A process keeps dying before it has served.
        """
        layout = self.layout
        layout.make()
        with layout.held():
            _await_port(self._options.port, layout)
            layout.clear_run()
            layout.put_aside_large_logs()
            servers = prepare_servers(self._options, self._settings, layout)
            redis_url = servers.redis.url if servers.redis else None
            given_url = self._settings.redis_url.get_secret_value()
            write_address(layout.redis_url, redis_url or given_url)
            programs = all_programs(self._options, self._settings, layout, servers)
            self._supervisor = Supervisor(programs, self._watcher)

            def ready() -> None:
                write_address(layout.api_url, self.url)
                on_ready()

            try:
                self._supervisor.run(stop, on_ready=ready)
            finally:
                layout.clear_run()

    def awaited(self) -> list[str]:
        """Name the processes that do not run yet; for any thread."""
        return [] if self._supervisor is None else self._supervisor.awaited()

    def hurry(self) -> None:
        """Cut the stopping short: what still runs is killed."""
        if self._supervisor is not None:
            self._supervisor.hurry.set()


def _await_port(port: int, layout: Layout) -> None:
    """Return when the API's port is free.

    Raises:
        ConfigurationError: Another program has it.
    """
    predecessor = read_pid(layout.pid("api"))
    deadline_s = time.monotonic() + PREDECESSOR_GOES_S
    while not server_identity.is_port_free(port):
        ours = predecessor is not None and is_alive(predecessor)
        if not ours or time.monotonic() > deadline_s:
            raise ConfigurationError(
                f"Port {port} is in use by another program. Choose another one with --port "
                f"(make up PORT={server_identity.free_port()}), or 0 for any free one."
            )
        time.sleep(0.1)
