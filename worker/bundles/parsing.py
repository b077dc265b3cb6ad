"""Reads `model.json`, and tells all of its faults together in plain words."""

from typing import TYPE_CHECKING, Final

from pydantic import ValidationError

from common.errors import ConfigurationError
from worker.bundles.manifest import MANIFEST, Manifest

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

# A manifest is a page of text; who sends more sends something else.
MAX_MANIFEST_BYTES: Final = 64 * 1024

_WORDS: Final = {
    "missing": "is missing",
    "extra_forbidden": "is not known; is it misspelt?",
    "json_invalid": "this is no JSON",
}
_PATTERNS: Final = {
    "path": "must be a bare file name (letters, digits, '.', '_', '-'), without any folder",
    "sha256": "must be 64 hexadecimal digits in lower case",
    "origin": "must be an http(s) address",
}


def parse_manifest(text: bytes, where: str) -> Manifest:
    """Read a manifest.

    Args:
        text: Its bytes.
        where: Its path or address, for the fault's reader.

    Raises:
        ConfigurationError: With one line per fault.
    """
    if len(text) > MAX_MANIFEST_BYTES:
        raise ConfigurationError(f"{where}: over {MAX_MANIFEST_BYTES} bytes; no {MANIFEST} is.")
    try:
        return Manifest.model_validate_json(text)
    except ValidationError as error:
        lines = [f"{where}: {_in_words(fault)}" for fault in error.errors()]
        raise ConfigurationError("\n".join(lines)) from None


def _in_words(fault: "ErrorDetails") -> str:
    """Say a fault of pydantic's in a line."""
    place = fault["loc"]
    if fault["type"] == "string_pattern_mismatch":
        words = _PATTERNS[str(place[-1])]
    else:
        message = fault["msg"].removeprefix("Value error, ")
        words = _WORDS.get(fault["type"]) or message.replace("Input should be", "must be")
    name = ".".join(str(part) for part in place)
    return f"{name}: {words}" if name else words
