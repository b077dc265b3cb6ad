"""A form that is written while it is sent: its length is told before, and it can be sent again."""

import email.message
import email.parser
import email.policy
from pathlib import Path

import pytest

from celshade.client.errors import PhotoUnreadable
from celshade.client.multipart import Attachment, Form


def parsed(form: Form) -> list[email.message.Message]:
    """Read a form's body with Python's own parser of MIME."""
    head = f"Content-Type: {form.content_type}\r\n\r\n".encode()
    message = email.parser.BytesParser(policy=email.policy.HTTP).parsebytes(head + b"".join(form))
    assert message.is_multipart()
    return list(message.iter_parts())


def test_fields_come_first_and_photos_whole(tmp_path: Path) -> None:
    path = tmp_path / "beach.jpg"
    path.write_bytes(b"\xff\xd8\r\n--" * 50_000)
    photos = [Attachment(path, "beach.jpg"), Attachment(b"in memory", "photo")]
    style, beach, other = parsed(Form({"style": "ink"}, photos))

    assert style.get_content_disposition() == "form-data"
    assert style.get_payload(decode=True) == b"ink"
    assert (beach.get_filename(), beach.get_param("name", header="content-disposition")) == (
        "beach.jpg",
        "image",
    )
    assert beach.get_payload(decode=True) == path.read_bytes()
    assert other.get_payload(decode=True) == b"in memory"


def test_the_length_is_that_of_the_body_and_the_body_the_same_each_time(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 200_000)
    form = Form({"size": "512"}, [Attachment(path, "a.jpg"), Attachment(b"", "empty")])
    body = b"".join(form)
    assert len(body) == form.size_bytes
    assert b"".join(form) == body


def test_files_are_read_in_pieces(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 1_000_000)
    assert max(len(piece) for piece in Form({}, [Attachment(path, "a")])) < 100_000


def test_what_was_sent_is_reported_from_zero_to_the_end(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 300_000)
    told: list[tuple[int, int]] = []
    form = Form({}, [Attachment(path, "a")], on_sent=lambda *seen: told.append(seen))
    for _ in range(2):
        told.clear()
        list(form)
        assert told[0] == (0, form.size_bytes)
        assert told[-1] == (form.size_bytes, form.size_bytes)
        assert told == sorted(told)


@pytest.mark.parametrize("now", [b"", b"x" * 9, b"x" * 11, b"x" * 200_000])
def test_a_photo_that_changes_is_not_sent(tmp_path: Path, now: bytes) -> None:
    path = tmp_path / "a.jpg"
    path.write_bytes(b"x" * 10)
    form = Form({}, [Attachment(path, "a")])
    path.write_bytes(now)
    with pytest.raises(PhotoUnreadable, match="changed while it was being sent"):
        list(form)


def test_a_photo_that_is_not_there_is_reported_before_anything_is_sent(tmp_path: Path) -> None:
    with pytest.raises(PhotoUnreadable, match="no such file"):
        Form({}, [Attachment(tmp_path / "none.jpg", "none.jpg")])
    with pytest.raises(PhotoUnreadable, match="directory"):
        Form({}, [Attachment(tmp_path, "folder")])


@pytest.mark.parametrize(
    ("name", "sent"),
    [
        ('a"; x="', "a%22; x=%22"),
        ("a\r\nX-Evil: 1", "a%0D%0AX-Evil: 1"),
        ("\udcff.jpg", "?.jpg"),
    ],
)
def test_a_name_cannot_break_out_of_its_place(name: str, sent: str) -> None:
    form = Form({}, [Attachment(b"photo", name)])
    (part,) = parsed(form)
    assert part.get_filename() == sent
    assert part.get_payload(decode=True) == b"photo"
    assert set(part.keys()) == {"Content-Disposition", "Content-Type"}
    assert len(b"".join(form)) == form.size_bytes


def test_a_name_in_any_script_is_sent_as_it_is() -> None:
    assert 'filename="Strand \u00fc \u6d77.jpg"'.encode() in b"".join(
        Form({}, [Attachment(b"photo", "Strand \u00fc \u6d77.jpg")])
    )
