"""Archive schemas: the request, the response, and the manifest in the ZIP. Pure."""

from typing import Annotated, Any

from pydantic import Field

from api.http.request_options import Fields
from common.jobs import ID_PATTERN
from common.jobstore.archives import MAX_ARCHIVE_JOBS
from common.schemas.base import Body, Id, Moment, Sha256, Url, moment
from common.schemas.links import SignedLink


class ArchiveParameters(Fields):
    """Whose pictures an archive shall hold; an id that comes twice counts once."""

    job_ids: list[Annotated[str, Field(pattern=ID_PATTERN)]] = Field(
        min_length=1,
        max_length=MAX_ARCHIVE_JOBS,
        description="Own jobs; what has no picture is named.",
    )


class ArchiveBody(Body):
    """An archive: a link to a ZIP that is made while it is read."""

    id: Id
    url: Url
    url_expires_at: Moment
    pictures: int
    missing: int

    @classmethod
    def of(cls, archive_id: str, link: SignedLink, *, pictures: int, missing: int) -> "ArchiveBody":
        """Build the body of an archive; the counts are those of this moment."""
        return cls.model_validate(
            {
                "id": archive_id,
                "url": link.url,
                "url_expires_at": moment(link.expires_ms),
                "pictures": pictures,
                "missing": missing,
            }
        )


class ManifestFile(Body):
    """A picture in the ZIP."""

    name: str
    job_id: Id
    file: str | None
    style: str | None
    params: dict[str, Any] | None
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: Sha256


class ManifestGap(Body):
    """A job whose picture is not in the ZIP, and why."""

    job_id: Id
    file: str | None
    reason: str


class Manifest(Body):
    """`manifest.json`: what is in a ZIP, and what is not."""

    created_at: Moment
    files: list[ManifestFile]
    missing: list[ManifestGap]
