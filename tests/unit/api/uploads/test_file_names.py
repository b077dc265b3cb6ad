"""File names: what is shown of them, and what they become inside a ZIP."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.uploads.file_names import MAX_LABEL, entry_names, file_label


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("sea.jpg", "sea.jpg"),
        ("Straße am Meer.jpeg", "Straße am Meer.jpeg"),
        ("C:\\Users\\ann\\sea.jpg", "sea.jpg"),
        ("../../etc/passwd", "passwd"),
        ("a\r\nX-Evil: 1.jpg", "a X-Evil: 1.jpg"),
        ("photo\x1b[31m.jpg", "photo[31m.jpg"),
        ("gpj\u202egpj.exe", "gpjgpj.exe"),
        ("", "photo"),
        ("///", "photo"),
        ("\x00", "photo"),
    ],
)
def test_a_label_is_the_last_part_in_one_line(sent: str, shown: str) -> None:
    assert file_label(sent) == shown


def test_a_label_is_bounded() -> None:
    assert len(file_label("x" * 5000)) == MAX_LABEL


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("sea.png", "sea.jpg"),
        ("Straße am Meer.jpeg", "Stra-e-am-Meer.jpg"),
        ("café.jpg", "cafe.jpg"),
        (".bashrc", "bashrc.jpg"),
        ("..", "photo.jpg"),
        ("-rf.jpg", "rf.jpg"),
        ("写真.jpg", "photo.jpg"),
        ("CON.jpg", "photo-CON.jpg"),
        ("nul", "photo-nul.jpg"),
        ("a/b\\c.jpg", "a-b-c.jpg"),
        ("sea", "sea.jpg"),
    ],
)
def test_an_entry_is_named_harmlessly(label: str, name: str) -> None:
    assert entry_names([(label, "jpg")]) == [name]


def test_each_name_comes_once_on_every_file_system() -> None:
    wanted = [("sea.jpg", "jpg"), ("SEA.png", "jpg"), ("sea.jpg", "png"), ("sea-2", "jpg")]
    assert entry_names(wanted) == ["sea.jpg", "SEA-2.jpg", "sea.png", "sea-2-2.jpg"]
    assert entry_names([("manifest", "json")], taken=["manifest.json"]) == ["manifest-2.json"]


@given(st.lists(st.text(max_size=200), max_size=20))
def test_no_name_ever_leaves_its_alphabet_or_comes_twice(labels: list[str]) -> None:
    names = entry_names([(file_label(label), "jpg") for label in labels], taken=["manifest.json"])
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]*\.jpg", name) for name in names)
    assert len({name.lower() for name in names}) == len(labels)
