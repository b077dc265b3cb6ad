"""A picture is on disk whole, or not at all."""

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from celshade.client.downloads import save
from celshade.client.errors import CannotSave, DownloadFailed

BYTES = b"abcdef" * 100
SHA256 = hashlib.sha256(BYTES).hexdigest()


def keep(chunks: Iterable[bytes], place: Path) -> None:
    save(chunks, place, size_bytes=len(BYTES), sha256=SHA256)


def test_a_picture_replaces_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "a.png"
    place.write_bytes(b"old")
    keep([BYTES[:7], BYTES[7:]], place)
    assert place.read_bytes() == BYTES
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("came", [BYTES[:-1], BYTES + b"x", b"x" * len(BYTES), b""])
def test_other_bytes_than_promised_leave_the_old_picture(tmp_path: Path, came: bytes) -> None:
    place = tmp_path / "a.png"
    place.write_bytes(b"old")
    with pytest.raises(DownloadFailed):
        keep([came], place)
    assert place.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [place]


def test_a_broken_stream_leaves_nothing(tmp_path: Path) -> None:
    def breaking() -> Iterator[bytes]:
        yield BYTES[:10]
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        keep(breaking(), tmp_path / "a.png")
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in (tmp_path / "none" / "a.png", tmp_path / "file" / "a.png"):
        with pytest.raises(CannotSave, match=r"Cannot write .*a\.png: "):
            keep([BYTES], place)
