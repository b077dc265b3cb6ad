"""Callers: keys, their file, and what happens when it changes."""

import math
import tomllib
from pathlib import Path

import pytest

from api.callers import (
    LOCAL,
    READ_EVERY_S,
    Callers,
    Scope,
    digest_of,
    keys_file_lines,
    new_key,
)
from common.errors import ConfigurationError, Forbidden, Unauthorized

JOBS = frozenset({Scope.JOBS})


class Clock:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def keys_file(tmp_path: Path) -> Path:
    """Where a test puts its keys."""
    return tmp_path / "keys.toml"


def bearer(key: str) -> str:
    return f"Bearer {key}"


def test_a_key_lets_its_caller_in(keys_file: Path) -> None:
    ann, bob = new_key(), new_key()
    keys_file.write_text(
        keys_file_lines(ann, "ann", 2.5, JOBS) + keys_file_lines(bob, "bob", 1, frozenset(Scope))
    )
    callers = Callers(keys_file)
    found = callers.identify(bearer(ann))
    assert (found.name, found.weight, found.scopes) == ("ann", 2.5, JOBS)
    assert callers.identify(f"bearer  {bob}").name == "bob"
    with pytest.raises(Forbidden):
        found.require(Scope.ADMIN)


@pytest.mark.parametrize(
    "header", [None, "", "Bearer", "Bearer ", "Basic YTpi", "Bearer cs_x", "Bearer é", "Bearer a b"]
)
def test_anything_else_is_refused(keys_file: Path, header: str | None) -> None:
    keys_file.write_text(keys_file_lines(new_key(), "ann", 1, JOBS))
    with pytest.raises(Unauthorized):
        Callers(keys_file).identify(header)


def test_the_digest_is_no_key(keys_file: Path) -> None:
    key = new_key()
    keys_file.write_text(keys_file_lines(key, "ann", 1, JOBS))
    with pytest.raises(Unauthorized):
        Callers(keys_file).identify(bearer(digest_of(key)))


def test_without_a_file_everybody_is_local() -> None:
    callers = Callers(None)
    assert callers.are_open
    assert callers.identify(None) == callers.identify("Bearer cs_x") == LOCAL


def test_keys_are_long_and_recognisable() -> None:
    keys = {new_key() for _ in range(100)}
    assert len(keys) == 100
    assert all(key.startswith("cs_") and len(key) == 3 + 43 for key in keys)  # 256 bits, base64


def test_the_lines_do_not_hold_the_key() -> None:
    key = new_key()
    lines = keys_file_lines(key, "ann", 1, frozenset(Scope))
    assert key not in lines
    (entry,) = tomllib.loads(lines)["callers"]
    assert entry == {
        "name": "ann",
        "key_sha256": digest_of(key),
        "weight": 1.0,
        "scopes": ["admin", "jobs"],
    }


def test_a_caller_may_have_two_keys(keys_file: Path) -> None:
    old, new = new_key(), new_key()
    keys_file.write_text("".join(keys_file_lines(key, "ann", 1, JOBS) for key in (old, new)))
    callers = Callers(keys_file)
    assert callers.identify(bearer(old)) == callers.identify(bearer(new))


def test_a_revoked_key_is_refused_within_a_second(keys_file: Path) -> None:
    ann, bob, clock = new_key(), new_key(), Clock()
    keys_file.write_text(
        keys_file_lines(ann, "ann", 1, JOBS) + keys_file_lines(bob, "bob", 1, JOBS)
    )
    callers = Callers(keys_file, clock=clock)
    keys_file.write_text(keys_file_lines(bob, "bob", 1, JOBS))
    clock.now_s += READ_EVERY_S
    with pytest.raises(Unauthorized):
        callers.identify(bearer(ann))
    assert callers.identify(bearer(bob)).name == "bob"


@pytest.mark.parametrize("content", ["[[callers", "", None])
def test_a_slip_in_the_file_locks_nobody_out(
    keys_file: Path, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    key, clock = new_key(), Clock()
    keys_file.write_text(keys_file_lines(key, "ann", 1, JOBS))
    callers = Callers(keys_file, clock=clock)
    if content is None:
        keys_file.unlink()
    else:
        keys_file.write_text(content)
    clock.now_s += READ_EVERY_S
    assert callers.identify(bearer(key)).name == "ann"
    assert "keys file not usable" in caplog.text


def test_all_faults_are_told_together_and_no_value(keys_file: Path) -> None:
    digest = digest_of("x")
    entry = f'[[callers]]\nname = "{{name}}"\nkey_sha256 = "{digest}"\n{{more}}\n'
    keys_file.write_text(
        entry.format(name="a b", more="weight = 0")
        + entry.format(name="bob", more='scopes = ["root"]')
        + '[[callers]]\nname = "eve"\nkey_sha256 = "cs_not-a-digest"\nkey = "cs_oops"\n'
    )
    with pytest.raises(ConfigurationError) as caught:
        Callers(keys_file)
    text = str(caught.value)
    for fault in ("1 name", "1 weight", "2 scopes", "3 key_sha256", "callers 3 key:"):
        assert fault in text
    assert "cs_" not in text


def test_what_contradicts_itself_is_refused(keys_file: Path) -> None:
    key = new_key()
    keys_file.write_text(
        keys_file_lines(key, "ann", 1, JOBS) + keys_file_lines(key, "ann", 2, JOBS)
    )
    with pytest.raises(ConfigurationError) as caught:
        Callers(keys_file)
    assert "twice" in str(caught.value)
    assert "another weight" in str(caught.value)


@pytest.mark.parametrize("content", ["", "callers = 3", "\xff", "[[callers]]\n"])
def test_an_unusable_file_stops_the_start(keys_file: Path, content: str) -> None:
    keys_file.write_bytes(content.encode("latin-1"))
    with pytest.raises(ConfigurationError):
        Callers(keys_file)


def test_an_absent_file_stops_the_start(keys_file: Path) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        Callers(keys_file)


def test_a_callers_share_is_read_and_found_by_name(keys_file: Path) -> None:
    key = new_key()
    keys_file.write_text(
        keys_file_lines(key, "ann", 2, JOBS) + "max_open_jobs = 5\nmegapixels_per_day = inf\n"
    )
    callers = Callers(keys_file)
    ann = callers.identify(bearer(key))
    assert (ann.max_open_jobs, ann.megapixels_per_day) == (5, math.inf)
    assert callers.named("ann") == ann
    gone = callers.named("bob")
    assert (gone.name, gone.weight, gone.scopes) == ("bob", 1.0, frozenset())
    assert Callers(None).named("local") == LOCAL


@pytest.mark.parametrize("share", ["max_open_jobs = 5", "megapixels_per_day = 2"])
def test_all_keys_of_a_caller_have_one_share(keys_file: Path, share: str) -> None:
    first, second = (keys_file_lines(new_key(), "ann", 1, JOBS) for _ in range(2))
    keys_file.write_text(f"{first}{share}\n{second}")
    with pytest.raises(ConfigurationError, match=f"another {share.split(maxsplit=1)[0]}"):
        Callers(keys_file)
