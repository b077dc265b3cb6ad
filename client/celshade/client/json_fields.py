"""JSON fields: typed reading of the server's objects; unknown fields are ignored.

Owns the difference between "absent" (None) and "of another kind" (BadAnswer).
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from celshade.client.errors import BadAnswer


class Fields:
    """One JSON object and its name in error messages.

    Raises:
        BadAnswer: The value is not an object, or, on reading, a field is of another kind.
    """

    def __init__(self, value: object, name: str) -> None:
        if not isinstance(value, Mapping):
            raise BadAnswer(f"The server's {name} is not an object; is this a Celshade server?")
        self.values: Mapping[str, Any] = value
        self._name = name

    def text(self, key: str) -> str:
        """Read a string that must be there."""
        value = self.optional_text(key)
        if value is None:
            raise BadAnswer(f"The server's {self._name} has no '{key}'.")
        return value

    def optional_text(self, key: str) -> str | None:
        """Read a string, or None."""
        value = self.values.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._wrong(key)

    def number(self, key: str) -> float | None:
        """Read a number, or None."""
        value = self.values.get(key)
        if value is None:
            return None
        if isinstance(value, int | float) and not isinstance(value, bool):
            return float(value)
        raise self._wrong(key)

    def integer(self, key: str) -> int | None:
        """Read a whole number, or None."""
        value = self.number(key)
        return None if value is None else int(value)

    def flag(self, key: str) -> bool:
        """Read a boolean; False when absent."""
        value = self.values.get(key)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise self._wrong(key)

    def time(self, key: str) -> datetime | None:
        """Read an ISO 8601 time, or None."""
        value = self.optional_text(key)
        try:
            return None if value is None else datetime.fromisoformat(value)
        except ValueError:
            raise self._wrong(key) from None

    def mapping(self, key: str) -> Mapping[str, Any]:
        """Read an object as it is; empty when absent."""
        value = self.values.get(key)
        if value is None:
            return {}
        if isinstance(value, Mapping):
            return value
        raise self._wrong(key)

    def section(self, key: str) -> "Fields":
        """Read an object for typed reading; an empty one when absent."""
        return Fields(self.mapping(key), f"{self._name}.{key}")

    def objects(self, key: str) -> tuple[Any, ...]:
        """Read a list that must be there."""
        value = self.values.get(key)
        if isinstance(value, list):
            return tuple(value)
        raise self._wrong(key)

    def _wrong(self, key: str) -> BadAnswer:
        return BadAnswer(
            f"The server's {self._name} has a '{key}' that this client does not understand."
        )
