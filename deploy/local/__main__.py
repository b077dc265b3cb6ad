"""`python -m deploy.local up|demo`."""

import sys
from collections.abc import Sequence

from rich.console import Console

from common.errors import ConfigurationError
from common.settings import load_settings
from deploy.local import options
from deploy.local.demo import demo
from deploy.local.up import up


def main(arguments: Sequence[str]) -> int:
    """Do what the command line says; return the exit code."""
    console = Console(highlight=False)
    try:
        settings = load_settings()
        asked = options.parse(arguments, settings)
        if isinstance(asked, options.DemoOptions):
            return demo(asked, settings, console)
        return up(asked, settings, console)
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
