"""The catalog: which bundles there are, and the style that each becomes."""

from pathlib import Path
from typing import Final

from worker.bundles.bundle import Bundle
from worker.bundles.shelf import Shelf
from worker.styles.base import Style
from worker.styles.bundled import BundledStyle
from worker.styles.graph import GraphStyle
from worker.styles.portrait import PortraitStyle

# Bundles that come with the code, found without any setting.
BUILT_IN: Final = Path(__file__).parents[1] / "builtin"


def bundled_styles(styles_dir: Path) -> list[Style]:
    """Return the styles of all bundles, the built-in ones first; none is loaded yet.

    Args:
        styles_dir: The operator's directory of bundles; it need not exist.

    Raises:
        ConfigurationError: A manifest is broken; the text names all of its faults.
    """
    shelves = (Shelf(BUILT_IN), Shelf(styles_dir))
    return [style_of(bundle) for shelf in shelves for bundle in shelf.bundles()]


def style_of(bundle: Bundle) -> Style:
    """Return the style that a bundle is; it is not loaded yet."""
    match bundle.manifest.arch:
        case "graph":
            return GraphStyle(bundle)
        case "dctnet":
            return PortraitStyle(bundle)
        case _:
            return BundledStyle(bundle)
