"""The programs of the stack, before anything is started."""

from pathlib import Path

import pytest

from common.processes.supervised_process import Program
from common.settings import Settings
from deploy.local import programs
from deploy.local.data_directory import Layout
from deploy.local.options import StackOptions
from deploy.local.programs import Servers
from deploy.local.redis_server import RedisServer
from deploy.local.s3_server import S3Server


def _servers(root: Path) -> Servers:
    """Embedded servers as `prepare_servers` would give them; nothing is started."""
    return Servers(
        RedisServer(Path("valkey-server"), root / "redis", 6001, "redis-secret"),
        S3Server(Path("rclone"), root / "s3", 6002, "celshade", "AKIA", "s3-secret"),
    )


def _programs(root: Path, *, workers: int = 2, settings: Settings | None = None) -> list[Program]:
    """All programs of a stack with both embedded servers."""
    options = StackOptions(data=root, port=8123, workers=workers, store="s3")
    return programs.all_programs(options, settings or Settings(), Layout(root), _servers(root))


def test_servers_come_first_and_the_api_last(tmp_path: Path) -> None:
    planned = _programs(tmp_path)
    assert [program.name for program in planned] == [
        "redis",
        "s3",
        "keeper",
        "worker-1",
        "worker-2",
        "api",
    ]
    assert [program.name for program in planned if program.is_needed_first] == ["redis", "s3"]


def test_every_process_of_ours_gets_the_same_settings(tmp_path: Path) -> None:
    for program in _programs(tmp_path)[2:]:
        assert program.env is not None
        assert program.env["CELSHADE_REDIS_URL"] == "redis://:redis-secret@127.0.0.1:6001/0"
        assert program.env["CELSHADE_OBJECTS"] == "s3"
        assert program.env["CELSHADE_S3_ENDPOINT_URL"] == "http://127.0.0.1:6002"
        assert program.env["CELSHADE_API_PORT"] == "8123"
        assert program.env["CELSHADE_RUN_DIR"] == str(tmp_path / "run")
        assert program.env["CELSHADE_DATA_DIR"] == str(tmp_path / "objects")


def test_workers_are_told_apart_and_share_the_cores(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CELSHADE_WORKER_THREADS", raising=False)
    workers = [program for program in _programs(tmp_path) if program.kind == "worker"]
    names = [program.env["CELSHADE_WORKER_NAME"] for program in workers if program.env]
    assert names == ["worker-1", "worker-2"]
    assert all("CELSHADE_WORKER_THREADS" in (program.env or {}) for program in workers)


def test_a_lone_worker_decides_on_its_threads_itself(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CELSHADE_WORKER_THREADS", raising=False)
    (worker,) = (item for item in _programs(tmp_path, workers=1) if item.kind == "worker")
    assert "CELSHADE_WORKER_THREADS" not in (worker.env or {})


def test_what_the_user_set_reaches_everybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CELSHADE_EXTRA_STYLES", "some.module:Style")
    monkeypatch.setenv("CELSHADE_WORKER_THREADS", "3")
    settings = Settings()
    for program in _programs(tmp_path, settings=settings)[2:]:
        assert program.env is not None
        assert program.env["CELSHADE_EXTRA_STYLES"] == "some.module:Style"
        assert program.env["CELSHADE_WORKER_THREADS"] == "3"


def test_servers_that_the_user_named_are_not_started(tmp_path: Path) -> None:
    settings = Settings.model_validate(
        {
            "redis_url": "redis://elsewhere:6379/0",
            "s3_endpoint_url": "http://elsewhere:8333",
            "s3_access_key_id": "AKIA",
            "s3_secret_access_key": "secret",
        }
    )
    options = StackOptions(data=tmp_path, port=8123, workers=1, store="s3")
    servers = programs.prepare_servers(options, settings, Layout(tmp_path))
    assert servers == Servers(None, None)
    own = programs.own_settings(options, settings, Layout(tmp_path), servers)
    assert not {"redis_url", "s3_endpoint_url", "s3_access_key_id"} & own.keys()


def test_no_secret_stands_in_a_command_line_or_a_repr(tmp_path: Path) -> None:
    for program in _programs(tmp_path):
        for secret in ("redis-secret", "s3-secret"):
            assert secret not in " ".join(program.command)
            assert secret not in repr(program)
