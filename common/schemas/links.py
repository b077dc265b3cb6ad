"""Links: stable ones to resources, and signed, short-lived ones to pictures."""

from dataclasses import dataclass

from common.jobs import Job
from common.jobstore.archives import Archive, ArchiveKind
from common.jobstore.batches import Batch
from common.jobstore.images import Image
from common.objects.base import ObjectStore
from common.objects.signed_links import LinkSigner
from common.renders import PictureFormat

# Extensions of downloads, by media type; uploads have more formats than pictures.
_EXTENSIONS = {
    **{form.content_type: form.extension for form in PictureFormat},
    "image/gif": "gif",
    "image/avif": "avif",
    "image/heif": "heif",
}


@dataclass(frozen=True, slots=True)
class SignedLink:
    """A link that lets anyone read one object until a moment (milliseconds since the epoch)."""

    url: str
    expires_ms: int


class Links:
    """Makes the links of one answer.

    Args:
        objects: The object storage.
        base_url: The base of every link, without a slash at its end.
        url_ttl_s: Life of a signed link, seconds.
    """

    def __init__(self, objects: ObjectStore, *, base_url: str, url_ttl_s: int) -> None:
        self._objects = objects
        self.base_url = base_url
        self.url_ttl_s = url_ttl_s

    def job(self, job_id: str, part: str = "") -> str:
        """Return the stable link to a job, or to a part of it such as `result`."""
        return f"{self.base_url}/v1/jobs/{job_id}" + (f"/{part}" if part else "")

    def batch(self, batch_id: str, part: str = "") -> str:
        """Return the stable link to a batch, or to a part of it such as `cancel`."""
        return f"{self.base_url}/v1/batches/{batch_id}" + (f"/{part}" if part else "")

    def image(self, image_id: str) -> str:
        """Return the stable link to a kept image."""
        return f"{self.base_url}/v1/images/{image_id}"

    def archive(self, archive: Archive) -> SignedLink:
        """Sign a link to the ZIP of a selection of jobs."""
        return self._zip(ArchiveKind.ARCHIVES, archive.id, archive.secret, archive.now_ms)

    def batch_archive(self, batch: Batch) -> SignedLink | None:
        """Sign a link to the ZIP of a batch's pictures; None if there are none."""
        if not any(item.has_picture for item in batch.items):
            return None
        return self._zip(ArchiveKind.BATCHES, batch.id, batch.secret, batch.now_ms)

    def _zip(self, kind: ArchiveKind, id_: str, secret: str, now_ms: int) -> SignedLink:
        """Sign a link to a ZIP; it may outlive the pictures, as the ZIP lists what is missing."""
        path = LinkSigner(bytes.fromhex(secret)).sign(
            f"{kind}/{id_}",
            expires_in_s=self.url_ttl_s,
            content_type="application/zip",
            download_name=f"celshade-{id_}.zip",
        )
        return SignedLink(self.base_url + path, now_ms + self.url_ttl_s * 1000)

    def result(self, job: Job) -> SignedLink | None:
        """Sign a link to a job's picture; None if there is none, or no longer."""
        if job.output is None or not job.output.name or job.pictures_gone:
            return None
        return self._of_job(job, job.output.name, job.output.content_type, job.id)

    def source(self, job: Job) -> SignedLink | None:
        """Sign a link to a job's photo; None if it is no longer kept."""
        if job.input_name is None or job.source_type is None or job.pictures_gone:
            return None
        return self._of_job(job, job.input_name, job.source_type, f"{job.id}-source")

    def photo(self, image: Image) -> SignedLink:
        """Sign a link to a kept photo; it expires with the image, or a second later at most."""
        ttl_s = max(1, min(self.url_ttl_s, (image.expires_ms - image.now_ms) // 1000))
        return self._signed(image.input_name, image.content_type, image.id, image.now_ms, ttl_s)

    def _of_job(self, job: Job, name: str, content_type: str, stem: str) -> SignedLink | None:
        """Sign a link that expires with the job's pictures at the latest."""
        ttl_s = self.url_ttl_s
        if job.expires_ms is not None:
            ttl_s = min(ttl_s, (job.expires_ms - job.now_ms) // 1000)
        if ttl_s < 1:
            return None
        return self._signed(name, content_type, stem, job.now_ms, ttl_s)

    def _signed(
        self, name: str, content_type: str, stem: str, now_ms: int, ttl_s: int
    ) -> SignedLink:
        """Sign a link to an object for so many seconds from now."""
        url = self._objects.presign(
            name,
            expires_in_s=ttl_s,
            content_type=content_type,
            download_name=f"{stem}.{_EXTENSIONS.get(content_type, 'bin')}",
        )
        if url.startswith("/"):
            url = self.base_url + url
        return SignedLink(url, now_ms + ttl_s * 1000)
