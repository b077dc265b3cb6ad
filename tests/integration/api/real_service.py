"""The API as a process of its own over a real job store, for tests of broken connections."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
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


@dataclass(frozen=True)
class RealService:
    """The running server, what it keeps, a client of it and a worker driven by hand."""

    port: int
    http: httpx.Client
    store: JobStore
    objects: LocalStore
    worker: HandWorker
    process: child_processes.Child
    log: Path

    def serving_pids(self) -> list[int]:
        """The processes that serve; the master only minds them."""
        pid = self.process.pid
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
        return [int(word) for word in text.split()]


@contextmanager
def running(redis_url: str, folder: Path, port: int | None = None) -> Iterator[RealService]:
    """Run the API for as long as the block lasts; what it leaves is audited."""
    settings = Settings(
        redis_url=SecretStr(redis_url),
        objects="local",
        data_dir=folder,
        api_port=port or free_port(),
    )
    environment = environment_with(
        redis_url=redis_url,
        objects="local",
        data_dir=str(folder),
        api_port=str(settings.api_port),
        api_processes="1",
        api_threads="4",
    )
    base_url = f"http://127.0.0.1:{settings.api_port}"

    def answers() -> bool:
        try:
            return httpx.get(f"{base_url}/healthz", timeout=5).is_success
        except httpx.TransportError:
            return False

    path = folder / "api.log"
    with path.open("ab") as log:
        child = child_processes.start_child(
            [sys.executable, "-m", "api"],
            env=environment,
            cwd=ROOT,
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    store = JobStore.from_settings(settings, timeout_s=servers.STORE_TIMEOUT_S)
    objects = open_local_store(settings)
    worker = HandWorker(store, objects)
    try:
        child_processes.wait_until_ready(child, answers, name="api", timeout_s=DEADLINE_S)
        worker.beat()
        with httpx.Client(base_url=base_url, timeout=DEADLINE_S) as http:
            yield RealService(settings.api_port, http, store, objects, worker, child, path)
        # Only now is nobody at work: a request may outlive its caller.
        child_processes.stop_child(child, grace_s=DEADLINE_S)
        audit(redis_url, objects)
    finally:
        child_processes.stop_child(child, grace_s=DEADLINE_S)
        store.redis.close()
