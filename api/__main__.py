"""`python -m api`: serves the API, or makes keys for its callers.

Faults in settings come out as plain lines with exit code 2.
"""

import argparse
import logging
import sys

from api import server
from api.app import create_app
from api.callers import Callers, Scope, keys_file_lines, new_key
from api.front_door import require_safe_binding
from common.errors import ConfigurationError, StorageUnavailable
from common.log import configure_logging
from common.settings import Settings, load_settings
from common.storage.factory import make_bucket

_log = logging.getLogger("api")

BUCKET_TIMEOUT_S = 5.0
EXIT_CONFIGURATION = 2

DESCRIPTION = """\
Serves Celshade's HTTP API until it is told to stop (Ctrl-C or SIGTERM).

Settings come from the environment; the most useful ones:
  CELSHADE_REDIS_URL   the job store, e.g. redis://127.0.0.1:6379/0
  CELSHADE_STORE       s3, or local (a directory: CELSHADE_DATA_DIR)
  CELSHADE_API_HOST    address to bind to; 127.0.0.1 when left out
  CELSHADE_API_PORT    port; 8000 when left out
  CELSHADE_KEYS_FILE   TOML file of callers; without one, everybody on this machine may use it
  CELSHADE_PUBLIC_URL  base of every link, when others than this machine use it
All of them, with their defaults: docs/configuration.md
"""

NEW_KEY = """\
Makes an API key for a caller and prints it, once, with the lines that let it in. Append those lines
to the keys file (CELSHADE_KEYS_FILE); running API processes notice within a second or two. To
revoke a key, take its lines out again. A caller may have several keys: repeat its name.
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    asked = _parser().parse_args(arguments)
    try:
        if asked.command == "new-key":
            return _new_key(asked.name, asked.weight, asked.scopes)
        return _serve(load_settings())
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIGURATION


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m api", description=DESCRIPTION, formatter_class=plain
    )
    commands = parser.add_subparsers(dest="command", metavar="new-key")
    new = commands.add_parser(
        "new-key", help="make a key for a caller", description=NEW_KEY, formatter_class=plain
    )
    new.add_argument("name", metavar="NAME", help="the caller, in [A-Za-z0-9._-]")
    new.add_argument(
        "--weight", type=float, default=1.0, help="share of the workers against others; default 1"
    )
    new.add_argument(
        "--scopes",
        default=Scope.JOBS.value,
        help="jobs (work with own jobs), admin (read /metrics), or jobs,admin; default jobs",
    )
    return parser


def _serve(settings: Settings) -> int:
    configure_logging("api", settings.log_level)
    require_safe_binding(settings)
    Callers(settings.keys_file)  # its faults are told here, once, and not by every process
    try:
        make_bucket(settings, timeout_s=BUCKET_TIMEOUT_S)
    except StorageUnavailable as error:
        # It may come later; until then uploads are answered 503.
        _log.warning("the bucket could not be looked at: %s", error)
    server.serve(settings, create_app)
    return 0


def _new_key(name: str, weight: float, scopes: str) -> int:
    try:
        wanted = frozenset(Scope(part.strip()) for part in scopes.split(","))
    except ValueError:
        raise ConfigurationError("scopes: choose jobs, admin, or jobs,admin.") from None
    key = new_key()
    lines = keys_file_lines(key, name, weight, wanted)
    sys.stdout.write(f"# The key, shown once; give it to {name}:\n#   {key}\n\n{lines}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
