"""Runs the floor, `benchmarks/floor.py`, beside a service, and counts what the service asks Redis.

The floor has the server, the processes and the threads of the service's API, and the same Redis.
"""

import contextlib
import http.client
import sys
from collections.abc import Callable, Iterator

import redis

from benchmarks.service import Service
from common.processes import child_processes
from common.settings import environment_with
from deploy.local import server_identity

GRACE_S = 5.0
READY_S = 60.0
LAST = "benchmark-ends-here"  # the last line that is looked at


@contextlib.contextmanager
def running_floor(service: Service) -> Iterator[str]:
    """Run the bare application beside the service; give its address."""
    port = server_identity.free_port()
    address = f"127.0.0.1:{port}"
    environment = environment_with(
        redis_url=service.redis_url,
        objects="local",
        data_dir=str(service.layout.root / "floor"),
        api_port=str(port),
    )
    child = child_processes.start_child([sys.executable, "-m", "benchmarks.floor"], env=environment)
    try:
        child_processes.wait_until_ready(
            child, lambda: _answers(address), name="bare Flask", timeout_s=READY_S
        )
        yield address
    finally:
        child_processes.stop_child(child, grace_s=GRACE_S)


def scripts_called(service: Service, send: Callable[[], object]) -> int:
    """Count the scripts that Redis runs for the API, with all others who ask Redis frozen.

    Args:
        service: The service; its worker must be frozen already.
        send: Sends what is to be counted.
    """
    with service.held("keeper"):
        watcher = redis.Redis.from_url(service.redis_url)
        # redis-py leaves this one call untyped.
        with watcher.monitor() as monitor:  # type: ignore[no-untyped-call]  # see above
            send()
            watcher.echo(LAST)
            seen = 0
            for line in monitor.listen():
                if LAST in line["command"]:
                    return seen
                seen += line["client_type"] != "lua" and line["command"].startswith("EVALSHA")
    return seen


def _answers(address: str) -> bool:
    try:
        with contextlib.closing(http.client.HTTPConnection(address, timeout=1)) as connection:
            connection.request("GET", "/")
            return connection.getresponse().status == http.client.OK
    except OSError:
        return False
