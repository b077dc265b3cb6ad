"""The embedded job store: real servers, really killed."""

import dataclasses
import stat
from pathlib import Path

import pytest
import redis

from common.errors import ConfigurationError
from deploy.local import redis_server
from tests.support import servers


def test_it_comes_back_on_the_same_port_with_all_keys_after_sigkill(tmp_path: Path) -> None:
    first = redis_server.prepare(tmp_path)
    with servers.running_redis(first) as child, redis.Redis.from_url(first.url) as connection:
        connection.set("kept", "yes")
        child.kill()
        child.wait()
    second = redis_server.prepare(tmp_path)
    assert second == first
    with servers.running_redis(second), redis.Redis.from_url(second.url) as connection:
        assert connection.get("kept") == b"yes"


def test_it_syncs_every_write_evicts_nothing_and_listens_on_loopback_only(redis_url: str) -> None:
    with redis.Redis.from_url(redis_url) as connection:
        wanted = {
            "appendonly": "yes",
            "appendfsync": "always",
            "maxmemory-policy": "noeviction",
            "bind": "127.0.0.1",
        }
        assert {name: connection.config_get(name)[name] for name in wanted} == wanted
        assert int(connection.config_get("maxmemory")["maxmemory"]) > 0


def test_it_refuses_callers_without_the_password(tmp_path: Path) -> None:
    server = redis_server.prepare(tmp_path)
    with servers.running_redis(server):
        assert server.is_ready()
        assert not dataclasses.replace(server, password="a-guess").is_ready()


def test_the_password_stands_in_private_files_only(tmp_path: Path) -> None:
    server = redis_server.prepare(tmp_path)
    assert server.password not in " ".join(server.command())
    assert server.password not in repr(server)
    holders = [path for path in tmp_path.iterdir() if server.password in path.read_text()]
    assert sorted(path.name for path in holders) == ["redis.conf", "server.json"]
    assert all(stat.S_IMODE(path.stat().st_mode) == 0o600 for path in holders)


def test_a_port_that_somebody_took_is_replaced(tmp_path: Path) -> None:
    before = redis_server.prepare(tmp_path / "mine")
    with servers.running_redis(before):
        other = tmp_path / "other"
        other.mkdir()
        taken = (tmp_path / "mine" / "server.json").read_text()
        (other / "server.json").write_text(taken.replace(before.password, "another-password"))
        after = redis_server.prepare(other)
        assert after.port != before.port
        with servers.running_redis(after), redis.Redis.from_url(after.url) as connection:
            assert connection.ping()


def test_a_directory_whose_server_runs_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(redis_server, "PREDECESSOR_GOES_S", 0.1)
    server = redis_server.prepare(tmp_path)
    with servers.running_redis(server), pytest.raises(ConfigurationError, match="already runs"):
        redis_server.prepare(tmp_path)
