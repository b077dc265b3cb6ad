"""Photo fetches: photos at an address that a caller sent, with the same checks as an upload.

Every failure of an address gets the same response, so that callers cannot probe this network. Of
the fetched content, only faults of a photo are reported.
"""

import logging
from http import HTTPStatus
from threading import BoundedSemaphore

from api.uploads.multipart import PhotoSpool
from common.errors import BadTarget, InvalidParam, NoAnswer, ServiceBusy, UploadTooLarge
from common.outbound.http_client import OutboundClient, Reply
from common.outbound.network import Deadline
from common.outbound.target import Target
from common.settings import Settings

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


class PhotoFetcher:
    """Fetches photos from addresses that callers name. Safe to use from several threads.

    Args:
        outbound: Calls the addresses.
        settings: Whether it may, how long one may take, how large one may be.
        most: How many are fetched at once; each occupies a thread.
    """

    def __init__(self, outbound: OutboundClient, settings: Settings, *, most: int) -> None:
        self._outbound = outbound
        self._is_enabled = settings.image_url
        self._timeout_s = settings.image_url_timeout_s
        self._max_bytes = settings.max_upload_bytes
        self._slots = BoundedSemaphore(most)

    def fetch(self, url: str, spool: PhotoSpool) -> None:
        """Fetch the photo at an address.

        Args:
            url: The address from the request.
            spool: Receives the bytes.

        Raises:
            InvalidParam: Fetching is disabled, or the address is invalid or failed.
            UploadTooLarge: The photo exceeds the limit.
            ServiceBusy: Too many photos are being fetched.
        """
        if not self._is_enabled:
            raise InvalidParam(DISABLED, field=IMAGE_URL)
        try:
            target = self._outbound.read(url)
        except BadTarget as error:
            raise InvalidParam(str(error), field=IMAGE_URL) from error
        if not self._slots.acquire(blocking=False):
            raise ServiceBusy(
                "Too many photos are being fetched.", retry_after_s=BUSY_RETRY_AFTER_S
            )
        try:
            self._follow(target, spool)
        except (BadTarget, NoAnswer) as error:
            why = error.why if isinstance(error, NoAnswer) else str(error)
            _log.info("photo not fetched: %s", why)
            raise InvalidParam(NOT_FETCHED, field=IMAGE_URL) from error
        finally:
            self._slots.release()

    def _follow(self, target: Target, spool: PhotoSpool) -> None:
        """Fetch the address and follow redirects, all within one deadline."""
        deadline, ports = Deadline(self._timeout_s), self._outbound.ports
        for _ in range(MAX_REDIRECTS + 1):
            with self._outbound.get(target, headers=HEADERS, deadline=deadline) as reply:
                if reply.status not in REDIRECTS:
                    self._receive(reply, spool)
                    return
                target = target.follow(reply.headers.get("location", ""), ports=ports)
        raise NoAnswer("too many redirects")

    def _receive(self, reply: Reply, spool: PhotoSpool) -> None:
        if reply.status != HTTPStatus.OK:
            raise NoAnswer(f"status {reply.status}")
        if reply.headers.get("content-encoding", "identity").lower() != "identity":
            raise NoAnswer("an encoded body")
        declared_length = reply.headers.get("content-length", "")
        if declared_length.isdecimal() and int(declared_length) > self._max_bytes:
            raise UploadTooLarge(f"The photo is larger than {self._max_bytes:,} bytes.")
        for chunk in reply.chunks:
            spool.write(chunk)
