"""The teachers: filters that the networks learn from, by the name of the style they become."""

from collections.abc import Callable
from typing import Final

from worker.styles.base import Style
from worker.styles.ink_filter import InkFilter
from worker.styles.pencil_filter import PencilFilter
from worker.styles.watercolour_filter import WatercolourFilter

TEACHERS: Final[dict[str, Callable[[], Style]]] = {
    "ink": InkFilter,
    "pencil": PencilFilter,
    "watercolour": WatercolourFilter,
}
