"""The table of keys: every key has one owner, and the page says what the code says."""

import pytest

from common.jobstore.redis_keys import PATTERNS, PREFIX, owner_of
from tests.support import checkout
from tools.reference.redis_keys import page


@pytest.mark.parametrize(
    ("key", "pattern"),
    [
        ("job:0123", "job:{job}"),
        ("jobs:ann", "jobs:{caller}"),
        ("holders:outputs/ab/cd.jpg", "holders:{object}"),
        ("line:ink.0123456789ab", "line:{line}"),
        ("versions", "versions"),
    ],
)
def test_a_key_has_its_owner(key: str, pattern: str) -> None:
    owner = owner_of(PREFIX + key)
    assert owner is not None
    assert owner.pattern == pattern


@pytest.mark.parametrize("key", ["job:", "job:a:b", "jobsx:ann", "xversions", "versions:a", ""])
def test_a_stray_key_has_none(key: str) -> None:
    assert owner_of(PREFIX + key) is None


def test_a_key_without_our_prefix_is_not_ours() -> None:
    assert owner_of("versions") is None


def test_no_key_has_two_owners() -> None:
    examples = [PREFIX + p.pattern.replace("{", "").replace("}", "") for p in PATTERNS]
    assert [[p for p in PATTERNS if p.matches(key)] for key in examples] == [[p] for p in PATTERNS]


def test_the_page_is_current() -> None:
    written = (checkout.ROOT / "docs" / "redis-keys.md").read_text()
    assert written == page(), "run: python -m tools.reference.redis_keys > docs/redis-keys.md"
