"""Examples of images for the OpenAPI document; a test validates each with its model. Pure."""

from typing import Any

_BASE = "http://127.0.0.1:8000/v1"
_IMAGE_ID = "77aa0c1d2e3f405162738495a6b7c8d9"
_SHA256 = "2c26b46b68ffc68ff99b453c1d30413413422d706483bfa0f98a5e886266e7ae"

_IMAGE: dict[str, Any] = {
    "image_id": _IMAGE_ID,
    "content_type": "image/jpeg",
    "width": 4032,
    "height": 3024,
    "size_bytes": 2_412_876,
    "sha256": _SHA256,
    "created_at": "2026-01-02T03:04:05.678Z",
    "expires_at": "2026-01-03T03:04:05.678Z",
    "url": "http://127.0.0.1:8000/files/inputs/41f0?expires=1767323947&signature=a17c",
    "url_expires_at": "2026-01-02T03:19:05.000Z",
    "urls": {"self": f"{_BASE}/images/{_IMAGE_ID}"},
}

EXAMPLES: dict[str, Any] = {"kept-image": _IMAGE}
