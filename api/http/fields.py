"""Fields of a request, validated: every fault is reported, each under its field. Pure."""

from collections.abc import Mapping
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from common.errors import InvalidParam

MAX_LIST = 100  # entries of one page of a list
CURSOR_PATTERN = r"^[0-9]{1,15}\.[0-9a-f]{32}$"
_MAX_NAME = 64  # of a field's name that is given back; more of it helps nobody

# Sentences instead of pydantic's own, by its kind of error.
_SENTENCES = {
    "extra_forbidden": "There is no such parameter.",
    "finite_number": "Send a finite number.",
    "float_parsing": "Send a number.",
    "int_parsing": "Send a whole number.",
    "int_from_float": "Send a whole number.",
    "json_invalid": "Send a JSON object whose values are strings.",
    "dict_type": "Send a JSON object whose values are strings.",
    "string_type": "Send a JSON object whose values are strings.",
}


class InvalidParameters(InvalidParam):
    """Raised when one or more parameters are wrong.

    Attributes:
        faults: A field's name and a sentence, for each.
    """

    def __init__(self, faults: tuple[tuple[str, str], ...]) -> None:
        super().__init__(" ".join(f"{name}: {sentence}" for name, sentence in faults))
        self.faults = faults


class Fields(BaseModel):
    """Fields of a request; unknown ones are an error, so that a slip of the pen is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    @classmethod
    def parse(cls, fields: Mapping[str, object]) -> Self:
        """Read the fields of a request.

        Raises:
            InvalidParameters: Names every fault.
        """
        try:
            return cls.model_validate(dict(fields))
        except ValidationError as error:
            raise InvalidParameters(_faults(error)) from None


def _faults(error: ValidationError) -> tuple[tuple[str, str], ...]:
    """Name each fault once, by its field."""
    faults: dict[str, str] = {}
    for fault in error.errors(include_url=False, include_context=False, include_input=False):
        name = str(fault["loc"][0])[:_MAX_NAME] if fault["loc"] else "body"
        own = _SENTENCES.get(fault["type"])
        sentence = own or fault["msg"].removeprefix("Value error, ").rstrip(".") + "."
        faults.setdefault(name, sentence)
    return tuple(faults.items())
