"""Archives: pictures as one ZIP that is made while it is read.

Nothing is written to a disk, and one picture at a time is in memory. The pictures are stored as
they are: they are compressed already. So the size is known before the first byte, and a ZIP that
breaks off in the middle is noticed by every client: it is shorter than was announced.
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
from api.context.context import Context
from api.submissions.result_check import check_output
from api.uploads.file_names import entry_names, file_label
from common.errors import CelshadeError, ObjectMissing, StorageUnavailable
from common.jobs import JobStatus, Output
from common.jobstore.archives import Picture
from common.objects.base import ObjectStore
from common.renders import PictureFormat

_log = logging.getLogger(__name__)

MANIFEST = "manifest.json"
CHUNK_BYTES = 256 * 1024
LOOKERS = 8
# The storage's own calls are short and made once here; a picture is worth some patience.
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
        size_bytes: How long it will be.
        chunks: Its bytes; raises when a picture cannot be read to its end.
    """

    size_bytes: int
    chunks: Iterator[bytes]


def gap(picture: Picture) -> str | None:
    """Say why a job has no picture to give; None when it has one."""
    if picture.status is None:
        return "not_found"
    if picture.status is not JobStatus.SUCCEEDED:
        return picture.failure or _GAPS.get(picture.status, "job_failed")
    if picture.is_gone:
        return "result_expired"
    return None if picture.output else "result_missing"


def compose(pictures: Sequence[Picture], context: Context) -> ZipArchive:
    """Put the pictures there are into a ZIP, with a manifest that names those too that are not.

    Raises:
        StoreUnavailable: The job store does not answer.
    """
    pictures = [_shown(picture) for picture in pictures]
    gaps = [gap(picture) for picture in pictures]
    there = [picture for picture, reason in zip(pictures, gaps, strict=True) if reason is None]
    with ThreadPoolExecutor(LOOKERS) as pool:
        looks = pool.map(_is_there, there, repeat(context))
        present = {picture.job_id for picture, found in zip(there, looks, strict=True) if found}
    files: list[tuple[Picture, Output]] = []
    missing: list[ManifestGap] = []
    for picture, reason in zip(pictures, gaps, strict=True):
        if picture.output and picture.job_id in present:
            files.append((picture, picture.output))
        else:
            why = reason or "result_missing"
            missing.append(ManifestGap(job_id=picture.job_id, file=picture.label, reason=why))
    return _zip(files, missing, context.objects)


def _shown(picture: Picture) -> Picture:
    """Return it with a name that may be shown: a caller may have noted anything."""
    return replace(picture, label=file_label(picture.label)) if picture.label else picture


def _is_there(picture: Picture, context: Context) -> bool:
    return picture.output is None or check_output(picture.output.name, picture.made_ms, context)


def _zip(
    files: list[tuple[Picture, Output]], missing: list[ManifestGap], objects: ObjectStore
) -> ZipArchive:
    """Describe the ZIP; nothing is read yet."""
    wanted = [
        (picture.label or f"{picture.job_id}.", _EXTENSIONS.get(output.content_type, "bin"))
        for picture, output in files
    ]
    names = entry_names(wanted, taken=[MANIFEST])
    listed = [
        _listed(name, picture, output) for name, (picture, output) in zip(names, files, strict=True)
    ]
    manifest = Manifest(created_at=datetime.now(UTC), files=listed, missing=missing)
    stream = ZipStream(sized=True)
    stream.add(manifest.model_dump_json(indent=1), MANIFEST)
    for name, (_, output) in zip(names, files, strict=True):
        stream.add(_bytes_of(output, objects), name, size=output.size_bytes)
    return ZipArchive(len(stream), _told(stream))


def _listed(name: str, picture: Picture, output: Output) -> ManifestFile:
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
    """Yield a picture's bytes; read when its turn has come."""
    whole = _read(output, objects)
    if len(whole) != output.size_bytes:
        raise StorageUnavailable("A stored picture is not of the size that was recorded.")
    for start in range(0, len(whole), CHUNK_BYTES):
        yield whole[start : start + CHUNK_BYTES]


def _read(output: Output, objects: ObjectStore) -> bytes:
    for pause_s in READ_PAUSES_S:
        try:
            return objects.get(output.name)
        except ObjectMissing:
            raise
        except StorageUnavailable:
            time.sleep(pause_s)
    return objects.get(output.name)


def _told(stream: ZipStream) -> Iterator[bytes]:
    """Yield the ZIP; an end before its end is told in the log, and cuts the connection."""
    try:
        yield from stream
    except CelshadeError as error:
        _log.error("an archive broke off: %s", error)
        raise
