"""The keys file: who is in it, and what happens when it changes."""

import math
import tomllib
from pathlib import Path

import pytest

from api.auth.keys_file import READ_EVERY_S, KeysFile, lines_for
from common.callers import Scope, digest_of, new_key
from common.errors import ConfigurationError
from tests.support.clocks import Clock

JOBS = frozenset({Scope.JOBS})


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    """Where a test puts its keys."""
    return tmp_path / "keys.toml"


def test_a_key_lets_its_caller_in(keys_file: Path) -> None:
    ann, bob = new_key(), new_key()
    keys_file.write_text(
        lines_for(ann, "ann", JOBS, {"weight": 2.5}) + lines_for(bob, "bob", frozenset(Scope), {})
    )
    callers = KeysFile(keys_file)
    found = callers.find(ann)
    assert found is not None
    assert (found.name, found.share.weight, found.scopes) == ("ann", 2.5, JOBS)
    assert name_of(callers, bob) == "bob"
    assert Scope.ADMIN not in found.scopes


@pytest.mark.parametrize("key", ["", "cs_x", "é", "x" * 5000])
def test_nobody_has_any_other_key(keys_file: Path, key: str) -> None:
    keys_file.write_text(lines_for(new_key(), "ann", JOBS, {}))
    assert KeysFile(keys_file).find(key) is None


def test_the_digest_is_no_key(keys_file: Path) -> None:
    key = new_key()
    keys_file.write_text(lines_for(key, "ann", JOBS, {}))
    assert KeysFile(keys_file).find(digest_of(key)) is None


def name_of(callers: KeysFile, key: str) -> str | None:
    """Whose key it is."""
    found = callers.find(key)
    return found.name if found else None


def test_keys_are_long_and_recognisable() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(key.startswith("cs_") and len(key) == 3 + 43 for key in keys)  # 256 bits, base64


def test_the_lines_do_not_hold_the_key() -> None:
    key = new_key()
    lines = lines_for(key, "ann", frozenset(Scope), {"weight": 1.5})
    assert key not in lines
    (entry,) = tomllib.loads(lines)["callers"]
    assert entry == {
        "name": "ann",
        "key_sha256": digest_of(key),
        "weight": 1.5,
        "scopes": ["admin", "jobs"],
    }


def test_a_caller_may_have_two_keys(keys_file: Path) -> None:
    old, new = new_key(), new_key()
    keys_file.write_text("".join(lines_for(key, "ann", JOBS, {}) for key in (old, new)))
    callers = KeysFile(keys_file)
    assert callers.find(old) == callers.find(new) is not None


def test_a_revoked_key_is_refused_within_a_second(keys_file: Path) -> None:
    ann, bob, clock = new_key(), new_key(), Clock()
    keys_file.write_text(lines_for(ann, "ann", JOBS, {}) + lines_for(bob, "bob", JOBS, {}))
    callers = KeysFile(keys_file, clock=clock)
    keys_file.write_text(lines_for(bob, "bob", JOBS, {}))
    clock.now_s += READ_EVERY_S
    assert callers.find(ann) is None
    assert name_of(callers, bob) == "bob"


@pytest.mark.parametrize("content", ["[[callers", "", None])
def test_a_slip_in_the_file_locks_nobody_out(
    keys_file: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    key, clock = new_key(), Clock()
    keys_file.write_text(lines_for(key, "ann", JOBS, {}))
    callers = KeysFile(keys_file, clock=clock)
    if content is None:
        keys_file.unlink()
    else:
        keys_file.write_text(content)
    clock.now_s += READ_EVERY_S
    assert name_of(callers, key) == "ann"
    assert "keys file is invalid" in caplog.text


def test_all_faults_are_told_together_and_no_value(keys_file: Path) -> None:
    digest = digest_of("x")
    entry = f'[[callers]]\nname = "{{name}}"\nkey_sha256 = "{digest}"\n{{more}}\n'
    keys_file.write_text(
        entry.format(name="a b", more="weight = 0")
        + entry.format(name="bob", more='scopes = ["root"]')
        + '[[callers]]\nname = "eve"\nkey_sha256 = "cs_not-a-digest"\nkey = "cs_oops"\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        KeysFile(keys_file)
    text = str(caught.value)
    for fault in ("1 name", "1 weight", "2 scopes", "3 key_sha256", "callers 3 key:"):
        assert fault in text
    assert "cs_" not in text


def test_what_contradicts_itself_is_refused(keys_file: Path) -> None:
    key = new_key()
    keys_file.write_text(
        lines_for(key, "ann", JOBS, {}) + lines_for(key, "ann", JOBS, {"weight": 2})
    )
    with pytest.raises(ConfigurationError) as caught:
        KeysFile(keys_file)
    assert "twice" in str(caught.value)
    assert "another weight" in str(caught.value)


@pytest.mark.parametrize("content", ["", "callers = 3", "\xff", "[[callers]]\n"])
def test_an_unusable_file_stops_the_start(keys_file: Path, content: str) -> None:
    keys_file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError):
        KeysFile(keys_file)


def test_an_absent_file_stops_the_start(keys_file: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        KeysFile(keys_file)


def test_a_callers_share_is_read_and_found_by_name(keys_file: Path) -> None:
    key = new_key()
    keys_file.write_text(
        lines_for(key, "ann", JOBS, {"weight": 2}) + "max_open_jobs = 5\nmegapixels_per_day = inf\n"
    )
    callers = KeysFile(keys_file)
    ann = callers.find(key)
    assert ann is not None
    assert (ann.share.max_open_jobs, ann.share.megapixels_per_day) == (5, math.inf)
    assert callers.named("ann") == ann
    assert callers.named("bob") is None


@pytest.mark.parametrize("share", ["weight = 3", "max_open_jobs = 5", "requests_per_minute = 2"])
def test_all_keys_of_a_caller_have_one_share(keys_file: Path, share: str) -> None:
    first, second = (lines_for(new_key(), "ann", JOBS, {}) for _ in range(2))
    keys_file.write_text(f"{first}{share}\n{second}")
    with pytest.raises(ConfigurationError, match=f"another {share.split(maxsplit=1)[0]}"):
        KeysFile(keys_file)
