"""`celshade batch`: which files are meant, how they are divided, what is noted of each."""

import io
import zipfile
from pathlib import Path
from typing import Any

import httpx
import pytest
from rich.console import Console

from celshade import Client, DownloadFailed, PhotoUnreadable, UnusableSettings
from celshade.client.service import Limits, read_limits
from celshade.command.batch_download import ZipDownload
from celshade.command.batch_photos import BatchPhotos
from celshade.command.batch_screen import PlainBatchScreen
from celshade.command.batch_sizes import SizedPhoto, divide_into_batches
from celshade.command.folders import photos_in


def limits(**told: int) -> Limits:
    return read_limits(told)


def sized(*sizes_bytes: int) -> list[SizedPhoto]:
    return [SizedPhoto(Path(f"{number}.jpg"), size) for number, size in enumerate(sizes_bytes)]


def sizes(groups: list[list[SizedPhoto]]) -> list[list[int]]:
    return [[photo.size_bytes for photo in group] for group in groups]


def test_photos_are_found_by_name_in_order(tmp_path: Path) -> None:
    for name in ("b.jpg", "a.PNG", "notes.txt", ".DS_Store", "deep/c.webp", ".git/d.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")

    def found(*, recursive: bool) -> tuple[list[str], int]:
        photos, others = photos_in(tmp_path, recursive=recursive)
        return [photo.relative_to(tmp_path).as_posix() for photo in photos], others

    assert found(recursive=False) == (["a.PNG", "b.jpg"], 2)
    assert found(recursive=True) == (["a.PNG", "b.jpg", "deep/c.webp"], 2)


def test_a_folder_without_photos_is_wrong_usage(tmp_path: Path) -> None:
    (tmp_path / "a.txt").touch()
    for folder in (tmp_path, tmp_path / "none", tmp_path / "a.txt"):
        with pytest.raises(UnusableSettings):
            photos_in(folder, recursive=False)


def test_batches_hold_as_many_photos_as_the_server_takes() -> None:
    told = limits(max_batch_photos=2, max_batch_bytes=10**9)
    assert sizes(divide_into_batches(sized(1, 2, 3, 4, 5), told)) == [[1, 2], [3, 4], [5]]
    assert divide_into_batches([], told) == []


def test_batches_hold_as_many_bytes_as_the_server_takes() -> None:
    told = limits(max_batch_photos=500, max_batch_bytes=100_000)
    groups = divide_into_batches(sized(60_000, 60_000, 20_000, 200_000, 10), told)
    assert sizes(groups) == [[60_000], [60_000, 20_000], [200_000], [10]]
    # The form around the photos has room too.
    heads = [sum(photo.size_bytes + 1024 for photo in group) for group in groups if len(group) > 1]
    assert max(heads) < 100_000


def screen() -> tuple[PlainBatchScreen, io.StringIO]:
    told = io.StringIO()
    console = Console(file=told, width=200)
    return PlainBatchScreen(console, console), told


def item(index: int, status: str, **changed: Any) -> dict[str, Any]:
    return {"index": index, "file": "x", "job_id": f"j{index}", "status": status, **changed}


def batch_of(client: Client) -> Any:
    return client.batches.get("b1")


def serving(*responses: Any) -> Client:
    left = list(responses)

    def handler(request: httpx.Request) -> httpx.Response:
        response = left.pop(0)
        return (
            response if isinstance(response, httpx.Response) else httpx.Response(200, json=response)
        )

    return Client("http://here", sleep=lambda _: None, backend=httpx.MockTransport(handler))


def batch_body(*items: dict[str, Any]) -> dict[str, Any]:
    return {"id": "b1", "status": "running", "counts": {}, "items": list(items)}


def test_each_photo_ends_once() -> None:
    shown, told = screen()
    photos = BatchPhotos([Path("a.jpg"), Path("b.jpg"), Path("c.jpg")], shown)
    damaged = {"code": "decode_failed", "message": "Damaged.", "retryable": False}
    client = serving(
        batch_body(item(0, "queued"), item(1, "running")),
        batch_body(item(0, "succeeded"), item(1, "failed", error=damaged)),
        batch_body(item(0, "succeeded"), item(1, "failed", error=damaged)),
    )
    first = batch_of(client)
    photos.add_batch(first, [Path("a.jpg"), Path("b.jpg")])
    assert photos.update(first) == []
    (rendered,) = photos.update(batch_of(client))
    assert rendered.path == Path("a.jpg")
    assert photos.update(batch_of(client)) == []
    photos.fail(Path("c.jpg"), PhotoUnreadable(Path("c.jpg"), "It is gone."))
    assert (photos.ended, photos.done, len(photos)) == (3, 0, 3)
    assert told.getvalue().splitlines() == [
        "celshade: b.jpg: Damaged. [decode_failed]",
        "celshade: c.jpg: It is gone.",
    ]
    _, failed, unreadable = (photo.as_json() for photo in photos)
    assert failed["error"] == {"code": "decode_failed", "message": "Damaged.", "passes": False}
    assert (unreadable["job_id"], unreadable["error"]["code"]) == (None, "photo_unreadable")


def zip_of(manifest: str | None) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        if manifest is not None:
            archive.writestr("manifest.json", manifest)
        archive.writestr("a.jpg", b"picture")
    return file.getvalue()


def downloaded(path: Path, content: bytes) -> tuple[BatchPhotos, io.StringIO]:
    shown, told = screen()
    paths = [Path("a.jpg"), Path("b.jpg")]
    photos = BatchPhotos(paths, shown)
    archive = {"id": "1", "url": "http://here/files/1", "pictures": 2, "missing": 0}
    client = serving(
        batch_body(item(0, "succeeded"), item(1, "succeeded")),
        {"max_archive_jobs": 1000},
        archive,
        httpx.Response(200, content=content),
    )
    batch = batch_of(client)
    photos.add_batch(batch, paths)
    download = ZipDownload(client, path, photos, shown)
    for photo in photos.update(batch):
        download.rendered(photo)
    download.finish()
    return photos, told


def test_what_is_missing_in_the_zip_is_reported(tmp_path: Path) -> None:
    gap = '{"missing": [{"job_id": "j1", "reason": "result_missing"}]}'
    photos, told = downloaded(tmp_path / "out.zip", zip_of(gap))
    first, second = photos
    assert (first.saved, second.saved) == (tmp_path / "out.zip", None)
    assert "b.jpg: The picture is not in the archive (result_missing)" in told.getvalue()
    assert "1 picture, " in told.getvalue()


@pytest.mark.parametrize("content", [b"no zip", zip_of(None), zip_of("[]"), zip_of("{")])
def test_what_is_no_archive_is_reported(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(DownloadFailed):
        downloaded(tmp_path / "out.zip", content)


def test_progress_elsewhere_than_on_a_terminal_is_a_few_lines() -> None:
    shown, told = screen()
    for sent in range(1001):
        shown.sending(sent * 1000, 1_000_000)
    for ended in range(101):
        shown.rendering(ended, 100, 100 - ended)
    lines = told.getvalue().splitlines()
    assert len(lines) == 8
    assert lines[0] == "uploading: 0 kB of 1.0 MB"
    assert lines[-1] == "rendering: 75 of 100 done, about 25 s"
