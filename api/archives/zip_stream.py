"""ZIP streams: pictures as one ZIP that is created while it is read.

Nothing is written to disk, and one picture at a time is in memory. The pictures are not compressed
again, so the size is known before the first byte. Every client notices a ZIP that is cut off: it is
shorter than its Content-Length.
"""

import logging
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import repeat

from zipstream import ZipStream  # type: ignore[import-untyped]  # zipstream-ng ships no types

from api.archives.schemas import Manifest, ManifestFile, ManifestGap
from api.submissions.result_check import ResultCheck
from api.uploads.file_names import entry_names, file_label
from common.errors import CelshadeError, ObjectMissing, StorageUnavailable
from common.jobs import JobStatus, Output
from common.jobstore.archives import Picture
from common.objects.base import ObjectStore
from common.renders import PictureFormat

_log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
CHUNK_BYTES = 256 * 1024
CHECK_THREADS = 8
# The API's storage client has short timeouts and no retries; a picture is worth a few.
READ_PAUSES_S = (0.5, 2.0)
_EXTENSIONS = {each.content_type: each.extension for each in PictureFormat}
_GAPS = {
    JobStatus.QUEUED: "not_ready",
    JobStatus.RUNNING: "not_ready",
    JobStatus.CANCELED: "canceled",
    JobStatus.EXPIRED: "expired",
}


@dataclass(frozen=True, slots=True)
class ZipArchive:
    """A ZIP that can be read once.

    Attributes:
        size_bytes: Its final size.
        chunks: Its bytes; raises if a picture cannot be read completely.
    """

    size_bytes: int
    chunks: Iterator[bytes]


def gap(picture: Picture) -> str | None:
    """Return why a job has no picture; None if it has one."""
    if picture.status is None:
        return "not_found"
    if picture.status is not JobStatus.SUCCEEDED:
        return picture.failure or _GAPS.get(picture.status, "job_failed")
    if picture.is_gone:
        return "result_expired"
    return None if picture.output else "result_missing"


def compose(
    pictures: Sequence[Picture], objects: ObjectStore, result_check: ResultCheck
) -> ZipArchive:
    """Build a ZIP of the available pictures, with a manifest that lists missing ones too.

    Raises:
        StoreUnavailable: The job store is unavailable.
    """
    pictures = [_with_safe_label(picture) for picture in pictures]
    gaps = [gap(picture) for picture in pictures]
    available = [picture for picture, reason in zip(pictures, gaps, strict=True) if reason is None]
    with ThreadPoolExecutor(CHECK_THREADS) as pool:
        checks = pool.map(_is_present, available, repeat(result_check))
        present = {
            picture.job_id
            for picture, is_present in zip(available, checks, strict=True)
            if is_present
        }
    files: list[tuple[Picture, Output]] = []
    missing: list[ManifestGap] = []
    for picture, reason in zip(pictures, gaps, strict=True):
        if picture.output and picture.job_id in present:
            files.append((picture, picture.output))
        else:
            cause = reason or "result_missing"
            missing.append(ManifestGap(job_id=picture.job_id, file=picture.label, reason=cause))
    return _zip(files, missing, objects)


def _with_safe_label(picture: Picture) -> Picture:
    """Return it with a safe label: a caller may have sent anything."""
    return replace(picture, label=file_label(picture.label)) if picture.label else picture


def _is_present(picture: Picture, result_check: ResultCheck) -> bool:
    output = picture.output
    return output is None or result_check.is_present(output.name, picture.made_ms)


def _zip(
    files: list[tuple[Picture, Output]], missing: list[ManifestGap], objects: ObjectStore
) -> ZipArchive:
    """Build the ZIP; no picture is read yet."""
    wanted = [
        (picture.label or f"{picture.job_id}.", _EXTENSIONS.get(output.content_type, "bin"))
        for picture, output in files
    ]
    names = entry_names(wanted, taken=[MANIFEST])
    manifest_files = [
        _manifest_file(name, picture, output)
        for name, (picture, output) in zip(names, files, strict=True)
    ]
    manifest = Manifest(created_at=datetime.now(UTC), files=manifest_files, missing=missing)
    stream = ZipStream(sized=True)
    stream.add(manifest.model_dump_json(indent=1), MANIFEST)
    for name, (_, output) in zip(names, files, strict=True):
        stream.add(_bytes_of(output, objects), name, size=output.size_bytes)
    return ZipArchive(len(stream), _logged(stream))


def _manifest_file(name: str, picture: Picture, output: Output) -> ManifestFile:
    return ManifestFile(
        name=name,
        job_id=picture.job_id,
        file=picture.label,
        style=picture.style,
        params=picture.params,
        content_type=output.content_type,
        width=output.width,
        height=output.height,
        size_bytes=output.size_bytes,
        sha256=output.sha256,
    )


def _bytes_of(output: Output, objects: ObjectStore) -> Iterator[bytes]:
    """Yield the bytes of a picture; it is read when they are needed."""
    content = _read(output, objects)
    if len(content) != output.size_bytes:
        raise StorageUnavailable("A stored picture is not of the size that was recorded.")
    for start in range(0, len(content), CHUNK_BYTES):
        yield content[start : start + CHUNK_BYTES]


def _read(output: Output, objects: ObjectStore) -> bytes:
    for pause_s in READ_PAUSES_S:
        try:
            return objects.get(output.name)
        except ObjectMissing:
            raise
        except StorageUnavailable:
            time.sleep(pause_s)
    return objects.get(output.name)


def _logged(stream: ZipStream) -> Iterator[bytes]:
    """Yield the ZIP; a failure is logged and cuts the connection."""
    try:
        yield from stream
    except CelshadeError as error:
        _log.error("an archive was cut off: %s", error)
        raise
