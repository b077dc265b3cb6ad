"""Reading submissions from real werkzeug requests."""

import hashlib
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from werkzeug.test import EnvironBuilder
from werkzeug.wrappers import Request

from api.uploads.multipart import (
    MEMORY_BYTES,
    READ_BYTES,
    TAIL_BYTES,
    Upload,
    read_photo_upload,
)
from common.errors import MalformedRequest, StorageUnavailable, UploadTooLarge

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer as Buffer

PHOTO = bytes(range(256)) * 40
FILE = b'Content-Disposition: form-data; name="image"; filename="a.jpg"\r\n\r\n'
FIELD = b'Content-Disposition: form-data; name="%s"\r\n\r\n%s'


def multipart(*parts: bytes, query: str = "", end: bytes = b"--b--\r\n") -> Request:
    """A multipart request of raw parts (headers, empty line, content)."""
    body = b"".join(b"--b\r\n" + part + b"\r\n" for part in parts) + end
    return raw(body, "multipart/form-data; boundary=b", query)


def raw(body: bytes, content_type: str | None = "image/jpeg", query: str = "") -> Request:
    return Request(
        EnvironBuilder(
            method="POST",
            input_stream=BytesIO(body),
            content_type=content_type,
            content_length=len(body),
            query_string=query,
        ).get_environ()
    )


def read(request: Request, limit: int = 10_000_000) -> Upload:
    return read_photo_upload(request, max_image_bytes=limit)


def test_multipart_gives_the_photo_its_hash_and_the_fields() -> None:
    request = multipart(FIELD % (b"style", b"ink"), FILE + PHOTO, FIELD % (b"x", b"\xc3\xa9"))
    with read(request) as upload:
        assert upload.file.read() == PHOTO
        assert upload.sha256 == hashlib.sha256(PHOTO).hexdigest()
        assert upload.size_bytes == len(PHOTO)
        assert upload.fields == {"style": "ink", "x": "é"}
    assert upload.file.closed


def test_a_raw_body_takes_its_parameters_from_the_query() -> None:
    with read(raw(PHOTO, None, "style=ink&strength=0.7")) as upload:
        assert upload.file.read() == PHOTO
        assert upload.sha256 == hashlib.sha256(PHOTO).hexdigest()
        assert upload.fields == {"style": "ink", "strength": "0.7"}


def test_a_photo_beyond_the_memory_share_lies_on_disk() -> None:
    photo = b"x" * (MEMORY_BYTES + 1)
    with read(multipart(FILE + photo)) as upload:
        assert hashlib.sha256(upload.file.read()).hexdigest() == upload.sha256


def test_an_empty_file_is_passed_on() -> None:
    with read(multipart(FILE)) as upload:
        assert upload.size_bytes == 0


@pytest.mark.parametrize(
    "name",
    [b"../../etc/passwd", b"a\\\\b", b"%00", b"\xff\xfe", b"<script>", b"x" * 10_000, b"a;b=c"],
)
def test_hostile_file_names_have_no_effect(name: bytes) -> None:
    part = FILE.replace(b"a.jpg", name) + PHOTO
    try:
        with read(multipart(part)) as upload:
            assert upload.file.read() == PHOTO
            assert upload.fields == {}
    except MalformedRequest:
        assert name == b"\xff\xfe"  # headers that are not UTF-8 are no multipart


@pytest.mark.parametrize(
    ("request_", "word"),
    [
        (multipart(), "Send one photo"),
        (multipart(FIELD % (b"style", b"ink")), "Send one photo"),
        (multipart(FILE.replace(b"a.jpg", b"")), "Send one photo"),
        (raw(b""), "Send one photo"),
        (multipart(FILE + PHOTO, FILE + PHOTO), "exactly one file"),
        (multipart(FILE + PHOTO, FILE.replace(b"image", b"more") + PHOTO), "exactly one file"),
        (multipart(FILE.replace(b"image", b"photo") + PHOTO), "exactly one file"),
        (multipart(FIELD % (b"image", PHOTO)), "as a file"),
        (multipart(FILE + PHOTO, FIELD % (b"image", b"x")), "as a file"),
        (multipart(FILE + PHOTO, end=b""), "could not be read"),
        (multipart(b"Content-Type: image/jpeg\r\n\r\n" + PHOTO), "could not be read"),
        (raw(PHOTO, "multipart/form-data"), "could not be read"),
        (raw(PHOTO, "multipart/form-data; boundary=é"), "could not be read"),
        (raw(b"no parts at all", "multipart/form-data; boundary=b"), "could not be read"),
        (multipart(FILE + PHOTO, FIELD % (b"a", b"1"), FIELD % (b"a", b"2")), "twice"),
        (multipart(FILE + PHOTO, FIELD % (b"a", b"1"), query="a=1"), "twice"),
        (raw(PHOTO, query="a=1&a=1"), "twice"),
        (multipart(FILE + PHOTO, b"Content-Disposition: form-data\r\n\r\nx"), "no name"),
        (multipart(FILE + PHOTO, FIELD % (b"a", b"x" * 20_000)), "larger than 16,384"),
        (multipart(FILE + PHOTO, FIELD % (b"a", b"x" * 300_000)), "too many fields"),
        (multipart(FILE, *(FIELD % (b"f%d" % n, b"") for n in range(40))), "too many fields"),
        (multipart(b"X: " + b"y" * 400_000), "too many fields"),
        (raw(b'{"image_url": "http://x/y.jpg"}', "application/json"), "image_url"),
        (raw(b"style=ink", "application/x-www-form-urlencoded"), "multipart/form-data"),
    ],
)
def test_other_shapes_are_refused_in_plain_words(request_: Request, word: str) -> None:
    with pytest.raises(MalformedRequest, match=word):
        read(request_)


@pytest.mark.parametrize("request_", [multipart(FILE + PHOTO), raw(PHOTO)])
def test_the_photo_itself_is_held_to_the_limit(request_: Request) -> None:
    with pytest.raises(UploadTooLarge):
        read(request_, limit=len(PHOTO) - 1)


def test_a_photo_at_the_limit_passes_whatever_its_form_weighs() -> None:
    with read(multipart(FILE + PHOTO, FIELD % (b"a", b"x" * 5_000)), limit=len(PHOTO)) as upload:
        assert upload.size_bytes == len(PHOTO)


def test_a_disk_without_room_is_the_services_fault(tmp_path: Path) -> None:
    with pytest.raises(StorageUnavailable):
        read_photo_upload(
            raw(b"x" * (MEMORY_BYTES + 1)),
            max_image_bytes=10_000_000,
            spool_dir=tmp_path / "gone",
        )


class Noting(BytesIO):
    """A body that notes how much of it each read brought."""

    def __init__(self, body: bytes) -> None:
        super().__init__(body)
        self.pieces: list[int] = []

    def readinto(self, buffer: "Buffer", /) -> int:
        count = super().readinto(buffer)
        self.pieces.append(count)
        return count


def test_the_end_of_a_form_comes_by_itself() -> None:
    photo = PHOTO * 20
    body = b"--b\r\n" + FILE + photo + b"\r\n--b--\r\n"
    request = raw(body, "multipart/form-data; boundary=b")
    stream = Noting(body)
    request.environ["wsgi.input"] = stream
    with read(request) as upload:
        assert upload.file.read() == photo
    whole, rest = divmod(len(body) - TAIL_BYTES, READ_BYTES)
    assert [piece for piece in stream.pieces if piece] == [READ_BYTES] * whole + [rest, TAIL_BYTES]
