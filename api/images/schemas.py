"""Image schemas: kept images and deletions. Pure."""

from typing import Literal

from api.http.request_options import Fields
from common.jobstore.images import Image
from common.schemas.base import Body, Id, Moment, Sha256, Url, moment
from common.schemas.links import Links


class NoParameters(Fields):
    """An image has no parameters: they belong to its jobs."""


class ImageUrlsBody(Body):
    """Stable links of an image."""

    self: Url


class ImageBody(Body):
    """A photo that is kept for jobs to come; each names it with `image_id`."""

    image_id: Id
    content_type: str
    width: int
    height: int
    size_bytes: int
    sha256: Sha256
    created_at: Moment
    expires_at: Moment
    url: Url
    url_expires_at: Moment
    urls: ImageUrlsBody

    @classmethod
    def of(cls, image: Image, links: Links) -> "ImageBody":
        """Build the body of an image, with a signed link to the photo."""
        signed = links.photo(image)
        return cls.model_validate(
            {
                "image_id": image.id,
                "content_type": image.content_type,
                "width": image.width,
                "height": image.height,
                "size_bytes": image.size_bytes,
                "sha256": image.sha256,
                "created_at": moment(image.created_ms),
                "expires_at": moment(image.expires_ms),
                "url": signed.url,
                "url_expires_at": moment(signed.expires_ms),
                "urls": {"self": links.image(image.id)},
            }
        )


class ForgottenBody(Body):
    """What went with an image; jobs made from it keep their photo."""

    deleted: list[Literal["image"]]
