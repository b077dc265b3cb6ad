"""The Content-Security-Policy of the web pages.

A page loads only its own files, and pictures from the origins of signed links. There is no inline
script or style, and markup is never created from text: Trusted Types without a policy make
a browser refuse `innerHTML` and the like (https://www.w3.org/TR/trusted-types/).
"""

from collections.abc import Iterable
from urllib.parse import urlsplit

from common.objects.base import ObjectStore
from common.renders import PictureFormat


def origin_of(url: str) -> str | None:
    """Return the origin of a URL; None for a relative one."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}" if parts.netloc else None


def picture_origins(objects: ObjectStore, public_url: str | None) -> tuple[str, ...]:
    """Return the origins, besides a page's own, that links to pictures may lead to.

    Args:
        objects: The object store; a signed link shows its origin.
        public_url: The base of links to this service; None when they follow the request.

    Raises:
        StorageUnavailable: It cannot sign a link now.
    """
    link = objects.presign(
        "origin",
        expires_in_s=1,
        content_type=PictureFormat.JPEG.content_type,
        download_name="origin",
    )
    origin = origin_of(link) or (origin_of(public_url) if public_url else None)
    return (origin,) if origin else ()


def content_security_policy(origins: Iterable[str]) -> str:
    """Build the policy of a page.

    Args:
        origins: Where pictures come from, besides the page's own origin.
    """
    places = " ".join(["'self'", *origins])
    rules = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        f"img-src {places} blob:",
        f"connect-src {places}",
        "base-uri 'none'",
        "form-action 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types 'none'",
    )
    return "; ".join(rules)
