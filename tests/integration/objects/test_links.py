"""Signed links of both stores: S3's fetched over HTTP, the local ones checked as the API does."""

import time
import urllib.error
import urllib.request
from email.message import Message
from http import HTTPStatus
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from common.errors import Forbidden, ObjectMissing
from common.objects.base import ObjectStore
from common.objects.factory import open_s3_store
from common.objects.local import LocalStore
from common.objects.s3 import S3Store
from common.settings import Settings

NAME = "outputs/ab/1.png"
OPEN_S = 60
EXPIRES_BY_S = 30.0
REFUSED = (HTTPStatus.BAD_REQUEST, HTTPStatus.FORBIDDEN)  # rclone says 400 to expired links


class Answer(NamedTuple):
    """What somebody who follows a link gets."""

    status: int
    headers: Message
    body: bytes


def follow(store: ObjectStore, link: str) -> Answer:
    """Follow a link in the way its store serves it."""
    return follow_local(store, link) if isinstance(store, LocalStore) else follow_http(link)


def follow_http(link: str) -> Answer:
    """GET an address."""
    try:
        with urllib.request.urlopen(link, timeout=30) as answer:  # noqa: S310 - http, our own server
            return Answer(answer.status, answer.headers, answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read())


def follow_local(store: LocalStore, link: str) -> Answer:
    """Check a link and read the object, as the API's route does."""
    parts = urlsplit(link)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    name = unquote(parts.path).removeprefix("/files/")
    try:
        store.verify(
            "GET",
            name,
            expires=query["expires"],
            content_type=query["type"],
            download_name=query["filename"],
            signature=query["signature"],
        )
        with store.open(name) as file:
            return Answer(HTTPStatus.OK, Message(), file.read())
    except Forbidden:
        return Answer(HTTPStatus.FORBIDDEN, Message(), b"")
    except ObjectMissing:
        return Answer(HTTPStatus.NOT_FOUND, Message(), b"")


def link_to(store: ObjectStore, name: str = NAME, expires_in_s: int = OPEN_S) -> str:
    """Put an object and return a link to it."""
    store.put(NAME, b"picture", content_type="image/png")
    return store.presign(
        name, expires_in_s=expires_in_s, content_type="image/png", download_name="cat.png"
    )


def test_a_link_gives_the_object(store: ObjectStore) -> None:
    answer = follow(store, link_to(store))
    assert (answer.status, answer.body) == (HTTPStatus.OK, b"picture")


@pytest.mark.parametrize(
    ("old", "new"),
    [("ab/1.png", "ab/2.png"), ("image%2Fpng", "text%2Fhtml"), ("cat.png", "cat.html")],
)
def test_a_tampered_link_is_refused(store: ObjectStore, old: str, new: str) -> None:
    link = link_to(store)
    store.put("outputs/ab/2.png", b"another", content_type="image/png")
    assert old in link
    answer = follow(store, link.replace(old, new))
    assert answer.status in REFUSED
    assert b"another" not in answer.body


def test_a_link_cannot_be_made_to_last(store: ObjectStore) -> None:
    link = link_to(store, expires_in_s=1)
    deadline = time.monotonic() + EXPIRES_BY_S
    while follow(store, link).status == HTTPStatus.OK:
        assert time.monotonic() < deadline, "the link does not expire"
        time.sleep(0.1)
    answer = follow(store, link)
    assert answer.status in REFUSED
    assert b"picture" not in answer.body
    longer = link.replace("X-Amz-Expires=1&", "X-Amz-Expires=600&").replace(
        "expires=1", "expires=9"
    )
    assert longer != link
    assert follow(store, longer).status in REFUSED


def test_a_link_to_nothing_finds_nothing(store: ObjectStore) -> None:
    assert follow(store, link_to(store, "outputs/ab/none.png")).status == HTTPStatus.NOT_FOUND


def test_s3_answers_with_the_type_and_name_of_the_link(s3_store: S3Store) -> None:
    s3_store.put(NAME, b"picture", content_type="application/octet-stream")
    link = s3_store.presign(
        NAME, expires_in_s=OPEN_S, content_type="image/webp", download_name="my-cat.webp"
    )
    headers = follow_http(link).headers
    assert headers["Content-Type"] == "image/webp"
    assert headers["Content-Disposition"] == 'attachment; filename="my-cat.webp"'


def test_s3_links_are_signed_by_version_4_for_the_public_endpoint(s3_settings: Settings) -> None:
    public = s3_settings.model_copy(update={"s3_public_endpoint_url": "https://pictures.example"})
    store = open_s3_store(public, timeout_s=30, attempts=1)
    link = store.presign(
        NAME, expires_in_s=OPEN_S, content_type="image/png", download_name="cat.png"
    )
    assert link.startswith(f"https://pictures.example/{public.s3_bucket}/{NAME}?")
    assert parse_qs(urlsplit(link).query)["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
    store.probe()  # its own calls still go to the inner endpoint


def test_local_links_are_relative_and_served_below_files(local_store: LocalStore) -> None:
    assert link_to(local_store).startswith(f"/files/{NAME}?expires=")
