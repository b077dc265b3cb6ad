"""Images: photos that the server keeps, so that one upload serves several styles."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from celshade.client.json_fields import Fields
from celshade.client.multipart import Attachment, Form
from celshade.client.photo_files import Photo
from celshade.client.transport import Transport, read_json


@dataclass(frozen=True, slots=True)
class Image:
    """A photo that the server keeps; `Client.submit` takes it in place of a file.

    Attributes:
        id: As the API's `image_id`.
        width: Pixels.
        height: Pixels.
        expires_at: When the server forgets it; jobs made from it keep their photo.
        raw: The whole object as it came.
    """

    id: str
    content_type: str | None
    width: int | None
    height: int | None
    size_bytes: int | None
    sha256: str | None
    created_at: datetime | None
    expires_at: datetime | None
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


class Images:
    """The kept images of one caller. Raises what every method of `Client` raises."""

    def __init__(self, transport: Transport) -> None:
        self._http = transport

    def keep(self, photo: Photo) -> Image:
        """Send a photo to be kept; its name stays here.

        A lost answer is asked for again, which may keep the photo twice, until both expire.

        Raises:
            PhotoUnreadable: The photo cannot be read.
        """
        form = Form({}, [Attachment(photo, "photo")])
        return _read(read_json(self._http.call("POST", self._url(), form=form)))

    def get(self, image_id: str) -> Image:
        """Ask what is known of an image."""
        return _read(read_json(self._http.call("GET", self._url(image_id))))

    def delete(self, image_id: str) -> None:
        """Forget an image; jobs made from it keep their photo."""
        self._http.call("DELETE", self._url(image_id), repeatable=False)

    def _url(self, *segments: str) -> str:
        return self._http.url("v1", "images", *segments)


def _read(value: object) -> Image:
    image = Fields(value, "image")
    return Image(
        id=image.text("image_id"),
        content_type=image.optional_text("content_type"),
        width=image.integer("width"),
        height=image.integer("height"),
        size_bytes=image.integer("size_bytes"),
        sha256=image.optional_text("sha256"),
        created_at=image.time("created_at"),
        expires_at=image.time("expires_at"),
        raw=image.values,
    )
