"""Photo fetches: photos at an address that a caller sent, with the same checks as an upload.

Every failure of an address gets the same response, so that callers cannot probe this network. Of
the fetched content, only faults of a photo are reported.
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
MAX_REDIRECTS = 3
BUSY_RETRY_AFTER_S = 5
REDIRECTS = {
    HTTPStatus.MOVED_PERMANENTLY,
    HTTPStatus.FOUND,
    HTTPStatus.SEE_OTHER,
    HTTPStatus.TEMPORARY_REDIRECT,
    HTTPStatus.PERMANENT_REDIRECT,
}
HEADERS = {"Accept": "image/*", "Accept-Encoding": "identity"}
DISABLED = "Photos by address are not fetched here; send the photo itself."
NOT_FETCHED = "The photo could not be fetched from there; send the photo itself."


def fetch_photo(url: str, spool: PhotoSpool, context: Context) -> None:
    """Fetch the photo at an address.

    Args:
        url: The address from the request.
        spool: Receives the bytes.
        context: The context of the request.

    Raises:
        InvalidParam: Fetching is disabled, or the address is invalid or failed.
        UploadTooLarge: The photo exceeds the limit.
        ServiceBusy: Too many photos are being fetched.
    """
    if not context.settings.image_url:
        raise InvalidParam(DISABLED, field=IMAGE_URL)
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
    """Occupy one of the threads that may fetch."""
    if not context.fetches.acquire(blocking=False):
        raise ServiceBusy("Too many photos are being fetched.", retry_after_s=BUSY_RETRY_AFTER_S)
    try:
        yield
    finally:
        context.fetches.release()


def _follow(target: Target, spool: PhotoSpool, context: Context) -> None:
    """Fetch the address and follow redirects, all within one deadline."""
    deadline = Deadline(context.settings.image_url_timeout_s)
    for _ in range(MAX_REDIRECTS + 1):
        with context.outbound.get(target, headers=HEADERS, deadline=deadline) as reply:
            if reply.status not in REDIRECTS:
                _receive(reply, spool, context)
                return
            target = target.follow(reply.headers.get("location", ""), ports=context.outbound.ports)
    raise NoAnswer("too many redirects")


def _receive(reply: Reply, spool: PhotoSpool, context: Context) -> None:
    if reply.status != HTTPStatus.OK:
        raise NoAnswer(f"status {reply.status}")
    if reply.headers.get("content-encoding", "identity").lower() != "identity":
        raise NoAnswer("an encoded body")
    declared_length = reply.headers.get("content-length", "")
    if declared_length.isdecimal() and int(declared_length) > context.settings.max_upload_bytes:
        raise UploadTooLarge(
            f"The photo is larger than {context.settings.max_upload_bytes:,} bytes."
        )
    for chunk in reply.chunks:
        spool.write(chunk)
