"""What every object store promises; see `common.objects.base`."""

import io
import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO

import pytest

from common.errors import ObjectMissing, StorageUnavailable
from common.objects.base import ObjectStore

NAME = "outputs/ab/1.png"


def put(store: ObjectStore, name: str, content: bytes | BinaryIO = b"picture") -> None:
    store.put(name, content, content_type="image/png")


def test_what_is_put_is_got(store: ObjectStore) -> None:
    put(store, NAME, b"\x00\xffpicture\r\n")
    assert store.get(NAME) == b"\x00\xffpicture\r\n"
    assert store.exists(NAME)


@pytest.mark.parametrize("size_bytes", [0, 1, 3_000_001])
def test_all_sizes_come_back_whole(store: ObjectStore, size_bytes: int) -> None:
    content = bytes(itertools.islice(itertools.cycle(range(251)), size_bytes))
    put(store, NAME, content)
    assert store.get(NAME) == content


def test_a_file_is_put_from_where_it_stands_and_stays_open(
    store: ObjectStore, tmp_path: Path
) -> None:
    path = tmp_path / "photo"
    path.write_bytes(b"header:" + b"p" * 200_000)
    with path.open("rb") as file:
        file.seek(len(b"header:"))
        put(store, NAME, file)
        assert not file.closed
    assert store.get(NAME) == b"p" * 200_000


def test_a_second_put_replaces_the_first(store: ObjectStore) -> None:
    put(store, NAME, b"a longer first one")
    put(store, NAME, b"second")
    assert store.get(NAME) == b"second"
    assert list(store.list_names()) == [NAME]


def test_what_is_not_there_is_missing(store: ObjectStore) -> None:
    put(store, NAME)
    for name in ("outputs/ab/2.png", "outputs/ab", "outputs", "inputs/none", f"{NAME}/below"):
        assert not store.exists(name)
        with pytest.raises(ObjectMissing):
            store.get(name)


def test_deleting_takes_what_is_there_and_minds_nothing_else(store: ObjectStore) -> None:
    put(store, NAME)
    put(store, "outputs/ab/2.png")
    store.delete([NAME, "inputs/none", "outputs/zz/none.png"])
    store.delete([NAME])
    store.delete([])
    assert list(store.list_names()) == ["outputs/ab/2.png"]


def test_many_are_listed_and_deleted(store: ObjectStore) -> None:
    names = {f"inputs/{number:032x}" for number in range(1100)}  # more than S3 takes at once
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda name: put(store, name, b""), names))
    assert set(store.list_names()) == names
    store.delete(iter(names))
    assert list(store.list_names()) == []


@pytest.mark.parametrize("name", ["", "../outside", "/etc/passwd", "inputs/..", ".drafts/a", "a\0"])
def test_what_is_not_a_name_is_refused_by_every_verb(store: ObjectStore, name: str) -> None:
    verbs: list[Callable[[], object]] = [
        lambda: put(store, name),
        lambda: store.get(name),
        lambda: store.exists(name),
        lambda: store.delete([name]),
        lambda: store.presign(
            name, expires_in_s=1, content_type="image/png", download_name="a.png"
        ),
    ]
    for verb in verbs:
        with pytest.raises(ValueError, match="not an object name"):
            verb()


def test_a_source_that_breaks_off_leaves_nothing(store: ObjectStore, tmp_path: Path) -> None:
    class BreaksOff(io.BytesIO):
        """A file on a disk that fails after half a megabyte."""

        def read(self, size: int | None = -1) -> bytes:
            if self.tell() >= 500_000:
                raise OSError("the disk is broken")
            return super().read(size)

    put(store, NAME, b"before")
    with pytest.raises(StorageUnavailable):
        put(store, NAME, BreaksOff(bytes(1_000_000)))
    with pytest.raises(StorageUnavailable):
        put(store, "outputs/ab/2.png", BreaksOff(bytes(1_000_000)))
    assert store.get(NAME) == b"before"
    assert list(store.list_names()) == [NAME]
    drafts = tmp_path / "data" / "objects" / ".drafts"
    assert not drafts.exists() or list(drafts.iterdir()) == []


def test_readers_see_one_object_or_the_other_and_never_a_mixture(store: ObjectStore) -> None:
    contents = {letter * 2_000_000 for letter in (b"a", b"b")}
    put(store, NAME, b"a" * 2_000_000)
    done = threading.Event()

    def write() -> None:
        try:
            for _ in range(10):
                for content in contents:
                    put(store, NAME, content)
        finally:
            done.set()

    with ThreadPoolExecutor(1) as threads:
        writing = threads.submit(write)
        while not done.is_set():
            assert store.get(NAME) in contents
        writing.result()


def test_puts_and_deletes_side_by_side_do_not_disturb_each_other(store: ObjectStore) -> None:
    def put_and_delete(lane: int) -> None:
        for number in range(25):
            name = f"inputs/{lane}-{number}"  # as photos lie, all in one directory
            put(store, name, b"x")
            assert store.get(name) == b"x"
            store.delete([name])

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(put_and_delete, range(6)))
    assert list(store.list_names()) == []


def test_a_store_that_answers_passes_its_probe(store: ObjectStore) -> None:
    store.probe()
    assert list(store.list_names()) == []
