"""Object names: what ours look like, and what is never one."""

import pytest

from common.objects import names


def test_input_names_are_128_random_bits_in_hex() -> None:
    made = {names.new_input_name() for _ in range(100)}
    assert len(made) == 100
    for name in made:
        folder, _, random_part = name.partition("/")
        assert folder == "inputs"
        assert len(bytes.fromhex(random_part)) == 16


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "..",
        "/inputs/a",
        "inputs/",
        "inputs//a",
        "inputs/./a",
        "inputs/../a",
        "inputs/.hidden",
        ".drafts/a",
        "inputs/a\0",
        "inputs/a\n",
        "inputs\\a",
        "inputs/a b",
        "inputs/ä",
        "inputs/%2e%2e",
        "inputs/" + "a" * 129,
        "/".join("a" * 100 for _ in range(6)),
    ],
)
def test_what_is_not_a_name(text: str) -> None:
    assert not names.is_name(text)
    with pytest.raises(ValueError, match="not an object name"):
        names.require_name(text)


@pytest.mark.parametrize("text", ["inputs/0a", "outputs/ab/1.png", "a", "_a/-b/c.tar.gz"])
def test_what_is_a_name(text: str) -> None:
    assert names.require_name(text) == text


def test_downloads_are_saved_and_never_shown() -> None:
    assert names.content_disposition("cat.webp") == 'attachment; filename="cat.webp"'


@pytest.mark.parametrize("text", ["", 'a"b', "a\r\nSet-Cookie: b", "a/b", "ä", "a" * 129])
def test_download_names_cannot_break_out_of_the_header(text: str) -> None:
    with pytest.raises(ValueError, match="not a name for a download"):
        names.content_disposition(text)
