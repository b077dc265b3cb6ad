"""Schemathesis: its own command, with all its checks, against a service that is running.

No answer may be a server error, and none of another status, media type, header or shape than the
document says; what the document forbids must be refused. Runs are bounded and have a seed.
"""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from common.callers import Scope, digest_of, new_key, prefix_of
from tests.integration.api.intake_server import wait_until
from tests.integration.api.real_service import RealService, running
from tests.support import checkout

EXAMPLES = 3  # of each operation and phase; CONTRIBUTING.md says how to run more
SEED = 20260101
LIMIT_S = 150  # for a machine that is busy: it takes 15 s
REQUEST_LIMIT_S = 30


@pytest.fixture
def service(clean_redis_url: str, tmp_path: Path) -> Iterator[RealService]:
    """A running service whose worker draws whatever comes."""
    with running(clean_redis_url, tmp_path) as service, at_work(service):
        yield service


@contextmanager
def at_work(service: RealService) -> Iterator[None]:
    """Let the worker work for as long as the block lasts."""
    stopped = threading.Event()
    thread = threading.Thread(target=service.worker.work_until, args=(stopped,))
    thread.start()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def schemathesis(service: RealService, folder: Path, *words: str, **environment: str) -> str:
    """Hold a service to its document; return what the command says, and fail if it failed."""
    command = [
        *(sys.executable, "-m", "schemathesis.cli"),
        *("--config-file", str(checkout.ROOT / "schemathesis.toml")),
        *("run", f"{service.http.base_url}/openapi.json"),
        *("--max-examples", str(EXAMPLES), "--seed", str(SEED), "--no-color"),
        *("--request-timeout", str(REQUEST_LIMIT_S)),
        *words,
    ]
    done = subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(checkout.ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=LIMIT_S,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_a_service_without_keys_is_what_its_document_says(
    service: RealService, tmp_path: Path
) -> None:
    photos = "tests.integration.api.schemathesis_photos"
    said = schemathesis(service, tmp_path, SCHEMATHESIS_HOOKS=photos)

    assert " passed" in said
    assert service.http.get("/v1/jobs").json()["data"] != []  # it got as far as to jobs


def test_a_service_with_keys_is_what_its_document_says(
    service: RealService, tmp_path: Path
) -> None:
    key = new_key()
    service.store.api_keys.add(
        prefix=prefix_of(key),
        sha256=digest_of(key),
        name="ann",
        scopes=frozenset(Scope),
        share={"requests_per_minute": 1_000_000},  # so that answers tell what is left
    )
    wait_until(lambda: service.http.get("/v1/styles").status_code == 401, "the key is known")
    said = schemathesis(service, tmp_path, "--header", f"Authorization: Bearer {key}")

    assert " passed" in said
