"""The models that a worker serves: the built-in style, all bundles, and extra styles by name."""

import importlib
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from common.errors import ConfigurationError
from worker.engine.model import Model
from worker.styles.base import Style
from worker.styles.catalog import bundled_styles
from worker.styles.ink_filter import InkFilter

DEFAULT_STYLE: Final = "ink"


def find_models(
    extra_styles: Sequence[str], styles_dir: Path, only: Sequence[str] = ()
) -> dict[str, Model]:
    """Return the models to serve, by line; nothing is loaded yet.

    Args:
        extra_styles: More styles, as `module:Class`.
        styles_dir: Directory of bundles.
        only: Names of those to serve; all when empty.

    Raises:
        ConfigurationError: A style cannot be imported, a bundle is broken, two have one name, or a
            name belongs to none.
    """
    found = [InkFilter(), *bundled_styles(styles_dir), *map(_import_style, extra_styles)]
    models = [Model(style, is_default=style.card.name == DEFAULT_STYLE) for style in found]
    names = [model.style.card.name for model in models]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ConfigurationError(f"Two styles are called {', '.join(twice)}; rename one.")
    unknown = sorted(set(only).difference(names))
    if unknown:
        raise ConfigurationError(
            f"CELSHADE_STYLES: there is no {', '.join(unknown)}; there are {', '.join(names)}."
        )
    return {model.line: model for model in models if not only or model.style.card.name in only}


def _import_style(entry: str) -> Style:
    module_name, _, class_name = entry.partition(":")
    try:
        style: Style = getattr(importlib.import_module(module_name), class_name)()
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"CELSHADE_EXTRA_STYLES: cannot load '{entry}': {error}"
        ) from error
    return style
