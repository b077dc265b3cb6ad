"""Page files: what the pages of the service are made of, read once and held in memory.

Each file but the pages themselves lies under an address that holds a digest of them all. So a
browser may keep it for ever, and never mixes the files of two releases. Knows no route.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

from api.http.conditional import etag_of

# Every kind of file that a page may be made of; nothing else is served, whatever lies beside them.
CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".jpg": "image/jpeg",
    ".json": "application/json",
}
# What stands in a page for the folder of its other files; relative, so that the service may live
# behind a path of its own.
FOLDER_MARK = "page/@/"
DIGEST_LENGTH = 16


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file as it is sent.

    Attributes:
        body: Its bytes.
        content_type: Its media type.
        etag: Names its content.
    """

    body: bytes
    content_type: str
    etag: str


class StaticFiles:
    """The files in a folder, those in its folders included.

    Attributes:
        digest: Names the content of all of them.

    Args:
        folder: Where they lie.
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
