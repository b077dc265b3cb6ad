"""Styles as the server offers them. Pure: reads JSON, does no I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from celshade.client.json_fields import Fields


@dataclass(frozen=True, slots=True)
class Style:
    """What a style says of itself.

    Attributes:
        name: As `submit` takes it.
        title: Name for people, if it has one.
        description: One sentence for people, if it has one.
        is_default: Whether photos get it when no style is named.
        raw: The whole object as it came.
    """

    name: str
    title: str | None
    description: str | None
    is_default: bool
    raw: Mapping[str, Any] = field(default_factory=dict, repr=False)


def read_style(value: object) -> Style:
    """Read a style's JSON object.

    Raises:
        BadAnswer: It is not a style.
    """
    style = Fields(value, "style")
    return Style(
        name=style.text("name"),
        title=style.optional_text("title"),
        description=style.optional_text("description"),
        is_default=style.flag("default"),
        raw=style.values,
    )
