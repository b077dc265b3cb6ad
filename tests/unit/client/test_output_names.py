"""Where pictures go: each photo its own place, nothing of the server's becomes a path."""

from dataclasses import replace
from pathlib import Path

import pytest

from celshade.client.jobs import Job, Output, read_job
from celshade.command.output_names import OutputNames, unique_stems, without_duplicates

OUT = Path("out")


def job(style: str | None = "ink", content_type: str = "image/jpeg") -> Job:
    output = Output(content_type, 1, 1, 1, None, None)
    return replace(read_job({"id": "1", "status": "succeeded"}), style=style, output=output)


def places(*photos: str) -> list[str]:
    paths = [Path(photo) for photo in photos]
    names = OutputNames(OUT, paths)
    return [names.choose_path(path, job()).name for path in paths]


def test_a_picture_is_named_by_photo_style_and_format() -> None:
    names = OutputNames(OUT, [Path("in/beach.png")])
    assert names.choose_path(Path("in/beach.png"), job(content_type="image/webp")) == OUT / (
        "beach-ink.webp"
    )


def test_photos_of_one_stem_do_not_share_a_picture() -> None:
    assert places("a.jpg", "a.png", "b/a.jpg", "A.webp") == [
        "a-ink.jpg",
        "a-2-ink.jpg",
        "a-3-ink.jpg",
        "A-4-ink.jpg",
    ]


def test_a_number_already_in_a_name_is_not_given_twice() -> None:
    assert places("a.jpg", "a.png", "a-2.jpg") == ["a-ink.jpg", "a-3-ink.jpg", "a-2-ink.jpg"]


def test_names_do_not_depend_on_who_finishes_first() -> None:
    photos = [Path("a.jpg"), Path("a.png")]
    names = OutputNames(OUT, photos)
    assert names.choose_path(photos[1], job()).name == "a-2-ink.jpg"
    assert names.choose_path(photos[0], job()).name == "a-ink.jpg"


def test_a_photo_of_the_run_is_never_overwritten() -> None:
    photos = [Path("out/a.jpg"), Path("out/a-ink.jpg")]
    assert OutputNames(OUT, photos).choose_path(photos[0], job()).name == "a-2-ink.jpg"


@pytest.mark.parametrize("style", ["../../etc/passwd", "a/b", "\x1b[2J", "..", "", "C:\\x"])
def test_a_style_is_no_path(style: str) -> None:
    photo = Path("a.jpg")
    path = OutputNames(OUT, [photo]).choose_path(
        photo, job(style=style, content_type="image/../sh")
    )
    assert path.parent == OUT
    assert path.name.isprintable()
    assert ".." not in path.name


def test_the_same_file_is_rendered_once() -> None:
    photos = [Path("a.jpg"), Path("b.jpg"), Path("x/../a.jpg"), Path("a.jpg")]
    assert [photo.name for photo in without_duplicates(photos)] == ["a.jpg", "b.jpg"]


def test_every_photo_has_a_stem_of_its_own() -> None:
    photos = [Path(name) for name in ("a.jpg", "b/a.jpg", "A.png", "a-2.png", "a-2.webp")]
    stems = [stem.casefold() for stem in unique_stems(photos).values()]
    assert len(set(stems)) == len(photos)
