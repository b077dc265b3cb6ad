"""Reads a batch submission: many photos and one set of parameters, as a multipart form.

One photo at a time is held, hashed while it is read and spooled to disk beyond a few MiB; the next
one is read when this one has been dealt with. So the parameters must come before the photos. A
photo that cannot be taken spoils the others as little as the body's framing allows.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)
from werkzeug.wrappers import Request

from api.uploads.file_names import file_label
from api.uploads.multipart import (
    FILE_FIELD,
    MAX_FIELD_BYTES,
    MAX_PARSER_BYTES,
    MAX_PARTS,
    UNREADABLE,
    PhotoSpool,
    Upload,
    each_once,
)
from common.errors import (
    CelshadeError,
    MalformedRequest,
    StorageUnavailable,
    UploadTooLarge,
)

# Smaller than the pieces of a lone photo, whose end is known: werkzeug goes through a piece that
# holds the end of a photo byte by byte.
PIECE_BYTES = 32 * 1024
NO_BATCH = f"Send the photos as multipart/form-data, each as a file named '{FILE_FIELD}'."
PARAMETERS_FIRST = "Send the parameters before the first photo, or in the query."


@dataclass(frozen=True)
class PhotoPart:
    """One photo of a batch.

    Attributes:
        label: What is shown of its file's name.
        upload: The photo; closed when the next one is asked for. None when there is an error.
        error: Why it could not be received.
    """

    label: str
    upload: Upload | None
    error: CelshadeError | None = None


class BatchUpload:
    """The photos of a request, one after the other.

    Args:
        request: The request; its body has not been read.
        max_image_bytes: Largest photo, bytes; a larger one is passed over.
        max_photos: Most photos.
        heard: Called after each piece of the body that came in.

    Raises:
        MalformedRequest: It is no multipart form.
    """

    def __init__(
        self,
        request: Request,
        *,
        max_image_bytes: int,
        max_photos: int,
        heard: Callable[[], None],
    ) -> None:
        boundary = request.mimetype_params.get("boundary", "")
        if request.mimetype != "multipart/form-data" or not boundary.isascii() or not boundary:
            raise MalformedRequest(NO_BATCH)
        self._stream = request.stream
        self._max_image_bytes = max_image_bytes
        self._max_photos = max_photos
        self._heard = heard
        self._pairs = list(request.args.items(multi=True))
        self._decoder = MultipartDecoder(
            boundary.encode(), MAX_PARSER_BYTES, max_parts=MAX_PARTS + max_photos
        )

    @property
    def fields(self) -> dict[str, str]:
        """The parameters, each of which may come once; whole as soon as the first photo comes.

        Raises:
            MalformedRequest: One came twice, or is too large.
        """
        return each_once(self._pairs)

    def photos(self) -> Iterator[PhotoPart]:
        """Yield the photos in their order.

        Raises:
            MalformedRequest: The form is not of the shape it must have.
            UploadTooLarge: There are too many photos.
            CelshadeError: Whatever else the body's reader raises.
        """
        count = 0
        events = self._events()
        for event in events:
            if isinstance(event, Field):
                if count:
                    raise MalformedRequest(PARAMETERS_FIRST)
                self._pairs.append((event.name, _text(events)))
            elif isinstance(event, File):
                _check_name(event.name)
                with self._receive(events) as part:
                    if not event.filename and not part.size_bytes:
                        continue  # a browser's input in which nothing was chosen
                    count += 1
                    if count > self._max_photos:
                        raise UploadTooLarge(f"A batch takes at most {self._max_photos:,} photos.")
                    yield part.photo(file_label(event.filename))

    def _receive(self, events: Iterator[Event]) -> "_Received":
        """Read one photo to its end, whatever becomes of it."""
        received = _Received(PhotoSpool(self._max_image_bytes))
        try:
            for chunk in _data(events):
                received.take(chunk)
        except BaseException:
            received.close()
            raise
        return received

    def _events(self) -> Iterator[Event]:
        """Yield what the body holds, as it comes."""
        while True:
            try:
                event = self._decoder.next_event()
                if isinstance(event, NeedData):
                    chunk = self._stream.read(PIECE_BYTES)
                    self._heard()
                    self._decoder.receive_data(chunk or None)
                    continue
            except (ValueError, RequestEntityTooLarge) as error:
                raise MalformedRequest(UNREADABLE) from error
            if isinstance(event, Epilogue):
                return
            yield event


class _Received:
    """One photo as it came in; a context manager that closes its file.

    Args:
        spool: Takes its bytes.
    """

    def __init__(self, spool: PhotoSpool) -> None:
        self._spool = spool
        self._error: CelshadeError | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes that came, up to the first that was too many."""
        return self._spool.size_bytes

    def take(self, chunk: bytes) -> None:
        """Append bytes, or pass over them once something was wrong."""
        if self._error is not None:
            return
        try:
            self._spool.write(chunk)
        except (UploadTooLarge, StorageUnavailable) as error:
            self._error = error
            self._spool.close()

    def photo(self, label: str) -> PhotoPart:
        """Return the photo under its label."""
        if self._error is not None:
            return PhotoPart(label, None, self._error)
        return PhotoPart(label, self._spool.upload({}))

    def close(self) -> None:
        """Close the file; what was spooled to disk is gone."""
        self._spool.close()

    def __enter__(self) -> "_Received":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _data(events: Iterator[Event]) -> Iterator[bytes]:
    """Yield the bytes of the part whose head was just read."""
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return


def _text(events: Iterator[Event]) -> str:
    """Read a form field."""
    whole = bytearray()
    for chunk in _data(events):
        whole += chunk
        if len(whole) > MAX_FIELD_BYTES:
            raise MalformedRequest(f"A form field is larger than {MAX_FIELD_BYTES:,} bytes.")
    return whole.decode(errors="replace")


def _check_name(name: str | None) -> None:
    """Refuse files under any other name than theirs."""
    if name != FILE_FIELD:
        raise MalformedRequest(NO_BATCH)
