"""The body reader over a scripted server stream."""

from io import BytesIO

import pytest

from api.server.body import BodyReader
from api.server.limits import IntakeLimits
from api.server.pace import Pace, WaitingSlots
from common.errors import (
    MalformedRequest,
    RequestTimeout,
    ServiceBusy,
    UnsupportedMediaType,
    UploadTooLarge,
)


class FailingStream(BytesIO):
    """A server stream that gives some bytes and then fails."""

    def __init__(self, data: bytes, error: Exception) -> None:
        super().__init__(data)
        self._error = error

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        if not data:
            raise self._error
        return data


def reader(
    raw: BytesIO,
    *,
    length: int | None,
    limit: int = 100,
    encoding: str = "",
    pace: Pace | None = None,
) -> BodyReader:
    return BodyReader(
        raw,
        limit_bytes=limit,
        content_length=length,
        patience=pace or Pace(IntakeLimits(), WaitingSlots(1)),
        content_encoding=encoding,
    )


@pytest.mark.parametrize("length", [100, None])
def test_a_body_at_the_limit_is_read_whole(length: int | None) -> None:
    body = reader(BytesIO(b"x" * 100), length=length)
    assert body.read() + body.read() == b"x" * 100
    assert body.at_end


def test_an_announced_excess_is_refused_before_anything_is_read() -> None:
    raw = BytesIO(b"x" * 101)
    with pytest.raises(UploadTooLarge, match="100 bytes"):
        reader(raw, length=101).read(10)
    assert raw.tell() == 0


def test_an_unannounced_excess_is_refused_while_counting() -> None:
    raw = BytesIO(b"x" * 1000)
    body = reader(raw, length=None)
    for _ in range(3):
        body.read(30)
    with pytest.raises(UploadTooLarge):
        body.read(30)
    assert raw.tell() == 101
    assert not body.at_end


def test_a_client_that_vanishes_is_the_clients_fault() -> None:
    body = reader(BytesIO(b"x" * 10), length=50)
    assert len(body.read(30)) == 10
    with pytest.raises(MalformedRequest, match="ended before"):
        body.read(30)


def test_a_broken_connection_is_the_clients_fault() -> None:
    body = reader(FailingStream(b"x" * 10, ConnectionResetError()), length=50)
    body.read(10)
    with pytest.raises(MalformedRequest):
        body.read(10)


@pytest.mark.parametrize("error", [RequestTimeout(), ServiceBusy()])
def test_the_sockets_verdict_on_the_pace_passes_through(error: Exception) -> None:
    with pytest.raises(type(error)):
        reader(FailingStream(b"", error), length=50).read(10)


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "identity, br"])
def test_an_encoded_body_is_refused(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="Content-Encoding"):
        reader(BytesIO(b"x"), length=1, encoding=encoding).read()


def test_identity_is_no_encoding() -> None:
    assert reader(BytesIO(b"x"), length=1, encoding=" Identity ").read() == b"x"


def test_an_empty_body_is_at_its_end_whatever_its_headers_say() -> None:
    body = reader(BytesIO(), length=0, encoding="gzip")
    assert body.at_end
    assert body.read() == b""


def test_bytes_of_the_next_request_are_left_alone() -> None:
    raw = BytesIO(b"body" + b"GET /next")
    body = reader(raw, length=4, limit=4)
    assert body.read(4) == b"body"
    assert body.read(4) == b""
    assert raw.tell() == 4


def test_the_slot_is_free_as_soon_as_the_body_is_there() -> None:
    slots = WaitingSlots(1)
    pace = Pace(IntakeLimits(), slots)
    pace.waited(5.0, 0)
    reader(BytesIO(b"xx"), length=2, pace=pace).read()
    slots.take()


def test_lines_are_counted_as_well() -> None:
    body = reader(BytesIO(b"one\ntwo\n" + b"x" * 200), length=None)
    assert body.readline() == b"one\n"
    assert body.readlines(3) == [b"two\n"]
    with pytest.raises(UploadTooLarge):
        list(body)
