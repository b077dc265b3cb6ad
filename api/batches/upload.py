"""Batch uploads: many photos and one set of parameters, in a multipart form.

One photo at a time is held, hashed while it is read and spooled to disk beyond a few MiB; the next
one is read when this one has been processed. So the parameters must come before the photos. A
refused photo affects the others as little as the framing of the body allows.
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
    unique_fields,
)
from common.errors import (
    CelshadeError,
    MalformedRequest,
    StorageUnavailable,
    UploadTooLarge,
)

# Smaller than for a single photo, whose end is known: werkzeug scans the chunk with the end byte by
# byte.
CHUNK_BYTES = 32 * 1024
NO_BATCH = f"Send the photos as multipart/form-data, each as a file named '{FILE_FIELD}'."
PARAMETERS_FIRST = "Send the parameters before the first photo, or in the query."


@dataclass(frozen=True)
class PhotoPart:
    """One photo of a batch.

    Attributes:
        label: Its file name as it is shown.
        upload: The photo; closed when the next one is read. None if there is an error.
        error: Why it could not be received.
    """

    label: str
    upload: Upload | None
    error: CelshadeError | None = None


class BatchUpload:
    """The photos of a request, one after the other.

    Args:
        request: The request; its body has not been read.
        max_image_bytes: Largest photo, bytes; a larger one becomes an error.
        max_photos: Most photos.
        on_chunk: Called after each chunk of the body.

    Raises:
        MalformedRequest: It is not a multipart form.
    """

    def __init__(
        self,
        request: Request,
        *,
        max_image_bytes: int,
        max_photos: int,
        on_chunk: Callable[[], None],
    ) -> None:
        boundary = request.mimetype_params.get("boundary", "")
        if request.mimetype != "multipart/form-data" or not boundary.isascii() or not boundary:
            raise MalformedRequest(NO_BATCH)
        self._stream = request.stream
        self._max_image_bytes = max_image_bytes
        self._max_photos = max_photos
        self._on_chunk = on_chunk
        self._pairs = list(request.args.items(multi=True))
        self._decoder = MultipartDecoder(
            boundary.encode(), MAX_PARSER_BYTES, max_parts=MAX_PARTS + max_photos
        )

    @property
    def fields(self) -> dict[str, str]:
        """The parameters, each of which may occur once; complete from the first photo on.

        Raises:
            MalformedRequest: One occurs twice, or is too large.
        """
        return unique_fields(self._pairs)

    def photos(self) -> Iterator[PhotoPart]:
        """Yield the photos in their order.

        Raises:
            MalformedRequest: The form does not have the required shape.
            UploadTooLarge: There are too many photos.
            CelshadeError: Whatever else the body reader raises.
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
                        continue  # an empty file input of a browser
                    count += 1
                    if count > self._max_photos:
                        raise UploadTooLarge(f"A batch takes at most {self._max_photos:,} photos.")
                    yield part.photo(file_label(event.filename))

    def _receive(self, events: Iterator[Event]) -> "_ReceivedPhoto":
        """Read one photo to its end, even if it is refused."""
        received = _ReceivedPhoto(PhotoSpool(self._max_image_bytes))
        try:
            for chunk in _data(events):
                received.take(chunk)
        except BaseException:
            received.close()
            raise
        return received

    def _events(self) -> Iterator[Event]:
        """Yield the parts of the body as they arrive."""
        while True:
            try:
                event = self._decoder.next_event()
                if isinstance(event, NeedData):
                    chunk = self._stream.read(CHUNK_BYTES)
                    self._on_chunk()
                    self._decoder.receive_data(chunk or None)
                    continue
            except (ValueError, RequestEntityTooLarge) as error:
                raise MalformedRequest(UNREADABLE) from error
            if isinstance(event, Epilogue):
                return
            yield event


class _ReceivedPhoto:
    """One received photo; a context manager that closes its file.

    Args:
        spool: Stores its bytes.
    """

    def __init__(self, spool: PhotoSpool) -> None:
        self._spool = spool
        self._error: CelshadeError | None = None

    @property
    def size_bytes(self) -> int:
        """Bytes received, until the limit was passed."""
        return self._spool.size_bytes

    def take(self, chunk: bytes) -> None:
        """Append bytes, or discard them after an error."""
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
        """Close the file; a spooled file is deleted."""
        self._spool.close()

    def __enter__(self) -> "_ReceivedPhoto":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def _data(events: Iterator[Event]) -> Iterator[bytes]:
    """Yield the bytes of the part whose headers were just read."""
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return


def _text(events: Iterator[Event]) -> str:
    """Read a form field."""
    content = bytearray()
    for chunk in _data(events):
        content += chunk
        if len(content) > MAX_FIELD_BYTES:
            raise MalformedRequest(f"A form field is larger than {MAX_FIELD_BYTES:,} bytes.")
    return content.decode(errors="replace")


def _check_name(name: str | None) -> None:
    """Refuse files under any other field name."""
    if name != FILE_FIELD:
        raise MalformedRequest(NO_BATCH)
