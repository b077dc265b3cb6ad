"""Photo uploads: one photo and its parameters, in a multipart form or as the raw body.

The photo is hashed while it is read and spooled to disk beyond a few MiB. Its file name and
declared type are never used, stored or logged. The parameters are not interpreted here.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO, BinaryIO, Self, cast

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import MultiPartParser
from werkzeug.wrappers import Request

from common.errors import MalformedRequest, StorageUnavailable, UploadTooLarge

FILE_FIELD = "image"
IMAGE_ID = "image_id"
MEMORY_BYTES = 4 * 1024 * 1024
READ_BYTES = 64 * 1024
# The end of a form is read separately: werkzeug scans the chunk with the end of the photo byte by
# byte (128 kB: 0.46 ms with 64 KiB chunks).
TAIL_BYTES = 1024
MAX_PARTS = 32
MAX_FIELD_BYTES = 16 * 1024
# werkzeug's limit for every text part; it must fit one read and half a boundary.
MAX_PARSER_BYTES = 4 * READ_BYTES

NO_FILE = (
    f"Send one photo, as the multipart file '{FILE_FIELD}' or as the raw body, or name a kept one "
    f"with '{IMAGE_ID}'."
)
ONE_SOURCE = f"Send either the file '{FILE_FIELD}' or '{IMAGE_ID}', not both."
ONE_FILE = f"Send exactly one file, named '{FILE_FIELD}'."
NOT_A_FILE = f"'{FILE_FIELD}' was sent as text; send it as a file, with a file name."
UNREADABLE = "The multipart form could not be read."
NO_JSON = "Photos by 'image_url' are not accepted here; send the photo itself."
NO_FORM = "Send the photo as multipart/form-data, or as the raw body with its own Content-Type."


@dataclass(frozen=True)
class Upload:
    """A received photo; a context manager that closes its file.

    Attributes:
        file: The photo's bytes, at position 0.
        sha256: SHA-256 of the bytes, lower-case hexadecimal.
        size_bytes: Number of bytes; may be 0.
        fields: The parameters as they were sent, each once.
        image_id: The kept image that is named instead; then there are no bytes.
    """

    file: BinaryIO
    sha256: str
    size_bytes: int
    fields: dict[str, str] = field(default_factory=dict)
    image_id: str | None = None

    def close(self) -> None:
        """Close the file; a spooled file is deleted."""
        self.file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


class PhotoSpool(SpooledTemporaryFile[bytes]):
    """A photo being received: hashed, counted, in memory at first and on disk when it grows.

    Attributes:
        size_bytes: Bytes written.
        is_given: Whether there is a photo at all; an empty one counts.

    Args:
        max_bytes: Largest photo, bytes.
        spool_dir: Directory for large photos; the system default when left out.
    """

    def __init__(self, max_bytes: int, spool_dir: Path | None = None) -> None:
        super().__init__(
            max_size=MEMORY_BYTES, mode="w+b", dir=str(spool_dir) if spool_dir else None
        )
        self._max_bytes = max_bytes
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        self.is_given = False

    def write(self, data: bytes) -> int:  # type: ignore[override]  # only bytes are written
        """Append bytes.

        Raises:
            UploadTooLarge: The photo exceeds the limit.
            StorageUnavailable: The disk is full or not writable.
        """
        self.size_bytes += len(data)
        if self.size_bytes > self._max_bytes:
            raise UploadTooLarge(f"The photo is larger than {self._max_bytes:,} bytes.")
        self._hash.update(data)
        try:
            return super().write(data)
        except OSError as error:
            raise StorageUnavailable(
                "There is no room to receive the photo; try again in a moment."
            ) from error

    def upload(self, fields: dict[str, str], image_id: str | None = None) -> Upload:
        """Turn the finished spool into an `Upload`, which owns it from then on."""
        self.seek(0)
        file = cast("BinaryIO", self)
        return Upload(file, self._hash.hexdigest(), self.size_bytes, fields, image_id)


def read_photo_upload(
    request: Request, *, max_image_bytes: int, spool_dir: Path | None = None
) -> Upload:
    """Receive the photo and the parameters of a request.

    Multipart: exactly one file part `image`, the parameters as form fields. Otherwise the body is
    the photo. The query may contain parameters in both cases; none may occur twice. The parameter
    `image_id` replaces the photo.

    Args:
        request: The request; its body has not been read.
        max_image_bytes: Largest photo, bytes.
        spool_dir: Directory for photos over 4 MiB; the system default when left out.

    Returns:
        The upload, to be closed by the caller.

    Raises:
        MalformedRequest: The request has neither of the two shapes.
        UploadTooLarge: The photo exceeds the limit.
        StorageUnavailable: The disk is full or not writable.
        CelshadeError: Whatever else the body reader raises.
    """
    if request.mimetype == "application/json":
        raise MalformedRequest(NO_JSON)
    if request.mimetype == "application/x-www-form-urlencoded":
        raise MalformedRequest(NO_FORM)
    spool = PhotoSpool(max_image_bytes, spool_dir)
    try:
        if request.mimetype == "multipart/form-data":
            form = _read_multipart(request, spool)
        else:
            form = _read_raw(request, spool)
        fields = unique_fields([*request.args.items(multi=True), *form.items(multi=True)])
        return spool.upload(fields, _take_image_id(fields, is_photo_given=spool.is_given))
    except BaseException:
        spool.close()
        raise


def _take_image_id(fields: dict[str, str], *, is_photo_given: bool) -> str | None:
    """Remove the id of a kept image from the parameters and return it."""
    image_id = fields.pop(IMAGE_ID, None)
    if is_photo_given and image_id is not None:
        raise MalformedRequest(ONE_SOURCE)
    if not is_photo_given and image_id is None:
        raise MalformedRequest(NO_FILE)
    return image_id


def _read_raw(request: Request, spool: PhotoSpool) -> MultiDict[str, str]:
    """Read the body as the photo."""
    while chunk := request.stream.read(READ_BYTES):
        spool.write(chunk)
    spool.is_given = spool.size_bytes > 0
    return MultiDict()


def _read_multipart(request: Request, spool: PhotoSpool) -> MultiDict[str, str]:
    """Read a multipart body: its file into the spool; return its fields."""
    files_seen = 0

    def open_file(
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        nonlocal files_seen
        files_seen += 1
        if files_seen > 1:
            raise MalformedRequest(ONE_FILE)
        return cast("IO[bytes]", spool)

    parser = MultiPartParser(
        stream_factory=open_file,
        max_form_memory_size=MAX_PARSER_BYTES,
        max_form_parts=MAX_PARTS,
        buffer_size=READ_BYTES,
    )
    boundary = request.mimetype_params.get("boundary", "")
    if not boundary:
        raise MalformedRequest(UNREADABLE)
    try:
        body = _SplitTail(request.stream, request.content_length)
        form, files = parser.parse(
            cast("IO[bytes]", body), boundary.encode("ascii"), request.content_length
        )
    except RequestEntityTooLarge as error:
        raise MalformedRequest("The form has too many fields, or one that is too large.") from error
    except ValueError as error:
        raise MalformedRequest(UNREADABLE) from error
    _check_file(form, files, spool)
    return form


class _SplitTail:
    """A body whose last bytes are read separately, if its length is known.

    Args:
        body: The body.
        length_bytes: Its declared length.
    """

    def __init__(self, body: IO[bytes], length_bytes: int | None) -> None:
        self._body = body
        self._head_bytes = max((length_bytes or 0) - TAIL_BYTES, 0)

    def read(self, size: int) -> bytes:
        """Read up to `size` bytes; empty at the end."""
        data = self._body.read(min(size, self._head_bytes or size))
        self._head_bytes = max(self._head_bytes - len(data), 0)
        return data


def _check_file(
    form: MultiDict[str, str], files: MultiDict[str, FileStorage], spool: PhotoSpool
) -> None:
    """Refuse a form whose file is not the photo; set whether there is one.

    Browsers send a nameless, empty file for an empty file input.
    """
    if FILE_FIELD in form:
        raise MalformedRequest(NOT_A_FILE)
    if files and FILE_FIELD not in files:
        raise MalformedRequest(ONE_FILE)
    spool.is_given = bool(files) and bool(files[FILE_FIELD].filename or spool.size_bytes)


def unique_fields(pairs: Iterable[tuple[str | None, str]]) -> dict[str, str]:
    """Collect parameters; each may occur once, with limited length."""
    fields: dict[str, str] = {}
    for name, value in pairs:
        if not name:
            raise MalformedRequest("A form field has no name.")
        if name in fields:
            raise MalformedRequest("A parameter was sent twice; send each once.")
        if len(name) + len(value.encode()) > MAX_FIELD_BYTES:
            raise MalformedRequest(f"A form field is larger than {MAX_FIELD_BYTES:,} bytes.")
        fields[name] = value
    return fields
