"""Photos by address: fetched for a caller as carefully as they are received from one.

Whatever goes wrong with the address is one answer: nobody may learn from here what else there is in
this network, and nothing of what was fetched is told but what is wrong with it as a photo.
"""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus

from api.context.context import Context
from api.uploads.multipart import PhotoSpool
from common.errors import BadTarget, InvalidParam, NoAnswer, ServiceBusy, UploadTooLarge
from common.outbound.http_client import Reply
from common.outbound.network import Deadline
from common.outbound.target import Target

_log = logging.getLogger(__name__)

IMAGE_URL = "image_url"
MOST_REDIRECTS = 3
BUSY_RETRY_AFTER_S = 5
REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}
HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity"}
OFF = "Photos by address are not fetched here; send the photo itself."
NOT_FETCHED = "The photo could not be fetched from there; send the photo itself."


def fetch_photo(url: str, spool: PhotoSpool, context: Context) -> None:
    """Fetch the photo at an address.

    Args:
        url: What the caller sent.
        spool: Takes the bytes.
        context: What the request is served with.

    Raises:
        InvalidParam: Addresses are not fetched here, or this one is none, or not answered.
        UploadTooLarge: It is larger than a photo may be.
        ServiceBusy: Too many are being fetched.
    """
    if not context.settings.image_url:
        raise InvalidParam(OFF, field=IMAGE_URL)
    try:
        target = context.outbound.read(url)
    except BadTarget as error:
        raise InvalidParam(str(error), field=IMAGE_URL) from error
    with _slot(context):
        try:
            _follow(target, spool, context)
        except (BadTarget, NoAnswer) as error:
            why = error.why if isinstance(error, NoAnswer) else str(error)
            _log.info("photo not fetched: %s", why)
            raise InvalidParam(NOT_FETCHED, field=IMAGE_URL) from error


@contextmanager
def _slot(context: Context) -> Iterator[None]:
    """Hold one of the threads that may fetch."""
    if not context.fetches.acquire(blocking=False):
        raise ServiceBusy("Too many photos are being fetched.", retry_after_s=BUSY_RETRY_AFTER_S)
    try:
        yield
    finally:
        context.fetches.release()


def _follow(target: Target, spool: PhotoSpool, context: Context) -> None:
    """Go where the address leads, and each redirect after it; all within one time."""
    deadline = Deadline(context.settings.image_url_timeout_s)
    for _ in range(MOST_REDIRECTS + 1):
        with context.outbound.get(target, headers=HEADERS, deadline=deadline) as reply:
            if reply.status not in REDIRECTS:
                _take(reply, spool, context)
                return
            target = target.follow(reply.headers.get("location", ""), ports=context.outbound.ports)
    raise NoAnswer("too many redirects")


def _take(reply: Reply, spool: PhotoSpool, context: Context) -> None:
    if reply.status != HTTPStatus.OK:
        raise NoAnswer(f"status {reply.status}")
    if reply.headers.get("content-encoding", "identity").lower() != "identity":
        raise NoAnswer("an encoded body")
    announced = reply.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > context.settings.max_upload_bytes:
        raise UploadTooLarge(
            f"The photo is larger than {context.settings.max_upload_bytes:,} bytes."
        )
    for chunk in reply.chunks:
        spool.write(chunk)
