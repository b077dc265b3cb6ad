"""`python -m api`: serves the API, or creates, lists and revokes API keys.

Invalid settings and arguments exit with code 2; an unavailable job store or an unknown key exits
with code 1. Both print plain lines.
"""

import argparse
import logging
import sys

from api.app import create_app
from api.auth import key_commands
from api.auth.keys_file import KeysFile
from api.auth.origin_guard import may_be_open
from api.server import server
from common.errors import CelshadeError, ConfigurationError, StorageUnavailable, StoreUnavailable
from common.jobstore import JobStore
from common.log import configure_logging
from common.objects.factory import make_bucket
from common.settings import Settings, load_settings

_log = logging.getLogger("api")

BUCKET_TIMEOUT_S = 5.0
STORE_TIMEOUT_S = 5.0
EXIT_CONFIGURATION = 2
EXIT_FAILED = 1

DESCRIPTION = """\
Serves Celshade's HTTP API until it is told to stop (Ctrl-C or SIGTERM).

Settings come from the environment; the most useful ones:
  CELSHADE_REDIS_URL   the job store, e.g. redis://127.0.0.1:6379/0
  CELSHADE_OBJECTS     s3, or local (a directory: CELSHADE_DATA_DIR)
  CELSHADE_API_HOST    address to bind to; 127.0.0.1 when left out
  CELSHADE_API_PORT    port; 8000 when left out
  CELSHADE_KEYS_FILE   TOML file of callers, beside the keys made with 'python -m api keys'; without
                       either, everybody on this machine may use it
  CELSHADE_PUBLIC_URL  base of every link, when others than this machine use it
All of them, with their defaults: docs/configuration.md
"""


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code."""
    args = _parser().parse_args(arguments)
    try:
        if args.command == "keys":
            return key_commands.run(args)
        return _serve(load_settings())
    except ConfigurationError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_CONFIGURATION
    except CelshadeError as error:
        sys.stderr.write(f"{error}\n")
        return EXIT_FAILED


def _parser() -> argparse.ArgumentParser:
    plain = argparse.RawDescriptionHelpFormatter
    parser = argparse.ArgumentParser(
        prog="python -m api", description=DESCRIPTION, formatter_class=plain
    )
    commands = parser.add_subparsers(dest="command", metavar="keys")
    keys = commands.add_parser(
        "keys",
        help="make, list and revoke API keys",
        description=key_commands.DESCRIPTION,
        formatter_class=plain,
    )
    key_commands.add_commands(keys)
    return parser


def _serve(settings: Settings) -> int:
    configure_logging("api", settings.log_level)
    _require_key(settings)
    try:
        make_bucket(settings, timeout_s=BUCKET_TIMEOUT_S)
    except StorageUnavailable as error:
        # It may come up later; until then uploads get a 503.
        _log.warning("the bucket could not be checked: %s", error)
    server.serve(settings, create_app)
    return 0


def _require_key(settings: Settings) -> None:
    """Return if there can be callers.

    Raises:
        ConfigurationError: The keys file is invalid; or other machines can reach the address and
            there is no key, which nobody intends.
    """
    if settings.keys_file:
        KeysFile(settings.keys_file)  # reports faults once, not in every process
        return
    if may_be_open(settings):
        return
    store = JobStore.from_settings(settings, timeout_s=STORE_TIMEOUT_S)
    try:
        was_ever_used = store.api_keys.all().was_ever_used
    except StoreUnavailable:
        return  # no request is served until the job store is available
    finally:
        store.redis.close()
    if not was_ever_used:
        raise ConfigurationError(
            f"There is no API key, and others may reach {settings.api_host}. Make one with "
            "'python -m api keys create NAME', or bind to 127.0.0.1 (CELSHADE_API_HOST), or say "
            "CELSHADE_ALLOW_OPEN=true if everybody is to be served."
        )


if __name__ == "__main__":
    sys.exit(main())
