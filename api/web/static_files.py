"""Static files of the web pages, read once and held in memory.

Each file except the pages has a URL with a digest of all files. So a browser may cache it forever,
and never mixes the files of two releases.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from api.http.conditional import etag_of

# Served file types; other files in the folder are ignored.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".json": "application/json",
}
# Placeholder in a page for the folder of its files; relative, so that the service may run below a
# path prefix.
FOLDER_MARK = "page/@/"
DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent.

    Attributes:
        body: Its bytes.
        content_type: Its media type.
        etag: Identifies its content.
    """

    body: bytes
    content_type: str
    etag: str


class StaticFiles:
    """The files in a folder and its subfolders.

    Attributes:
        digest: Identifies the content of all of them.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        found = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in CONTENT_TYPES and path.is_file()
        }
        digest = hashlib.sha256()
        for name, body in found.items():
            digest.update(f"{name}\0{len(body)}\0".encode() + body)
        self.digest = digest.hexdigest()[:DIGEST_LENGTH]
        self._files = {name: self._made(name, body) for name, body in found.items()}

    def get(self, name: str) -> StaticFile | None:
        """Return a file by its path inside the folder; None when there is none."""
        return self._files.get(name)

    def names(self) -> tuple[str, ...]:
        """Return the paths of all files."""
        return tuple(self._files)

    def _made(self, name: str, body: bytes) -> StaticFile:
        kind = Path(name).suffix
        if kind == ".html":
            body = body.replace(FOLDER_MARK.encode(), f"page/{self.digest}/".encode())
        return StaticFile(body, CONTENT_TYPES[kind], etag_of(body))
