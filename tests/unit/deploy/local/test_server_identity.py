"""What an embedded server keeps: made once, private, the same for all who ask."""

import itertools
import stat
import threading
from pathlib import Path

import pytest

from common.errors import ConfigurationError
from deploy.local import server_identity


def test_it_is_made_once_and_private(tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    first = server_identity.keep_identity(path, lambda: {"port": "1", "password": "one"})
    second = server_identity.keep_identity(path, lambda: {"port": "2", "password": "two"})
    assert first == second == {"port": "1", "password": "one"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


def test_all_who_ask_at_once_get_the_same(tmp_path: Path) -> None:
    start = threading.Barrier(8)
    numbers = itertools.count()
    seen = []

    def ask() -> None:
        start.wait()
        path = tmp_path / "server.json"
        seen.append(server_identity.keep_identity(path, lambda: {"port": str(next(numbers))}))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(seen) == 8
    assert len({one["port"] for one in seen}) == 1


@pytest.mark.parametrize("text", ["", "{", "[]", "7"])
def test_a_damaged_file_is_not_guessed_at(tmp_path: Path, text: str) -> None:
    (tmp_path / "server.json").write_text(text)
    with pytest.raises(ConfigurationError, match="damaged"):
        server_identity.keep_identity(tmp_path / "server.json", dict)


def test_replacing_is_private_too(tmp_path: Path) -> None:
    path = tmp_path / "server.json"
    path.write_text("{}")
    path.chmod(0o644)
    server_identity.replace_identity(path, {"port": "3"})
    assert server_identity.keep_identity(path, dict) == {"port": "3"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_secrets_need_no_quoting_and_do_not_repeat() -> None:
    made = {server_identity.new_secret() for _ in range(50)}
    assert len(made) == 50
    assert all(secret.replace("-", "").replace("_", "").isalnum() for secret in made)
