"""`python -m api keys`: makes, lists and revokes API keys. Owns the command line.

A key is shown once, when it is created; neither the job store nor a keys file contains it.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError

from api.auth.keys_file import lines_for
from common.callers import Scope, Share, digest_of, new_key, prefix_of
from common.errors import ConfigurationError
from common.jobstore import JobStore
from common.jobstore.api_keys import ApiKeys, StoredKey
from common.settings import load_settings

TIMEOUT_S = 5.0
NOTHING = "-"

DESCRIPTION = """\
Makes, lists and revokes API keys. They are kept as hashes in the job store (CELSHADE_REDIS_URL),
and every API process knows of a new or a revoked one within 5 seconds, without a restart.

  python -m api keys create ann             a key for ann's jobs, shown once
  python -m api keys create it --scopes admin
  python -m api keys list                   whose, what for, last used when; never the keys
  python -m api keys revoke cs_Ab12Cd34     by what the key begins with, as the list has it

While there is no key at all, a service on a loopback address serves everybody on this machine as
the caller `local`. The first key closes it, and it stays closed when the last one is revoked. A key
for the name `local` reaches the jobs of that time.
"""

CREATE = """\
Makes a key and prints it, once: give it to whom it is for, nobody can look it up again. Jobs belong
to the caller's name, and a caller may have several keys: make the new one, hand it out, revoke the
old one. Figures given here hold for all keys of the caller; those left out stay as they are.
"""

REVOKE = """\
Revokes keys by what they begin with. API processes refuse them within 5 seconds. The caller's jobs
stay, for its other keys; signed links that were given out lead to their pictures until they end.
"""


def add_commands(parser: argparse.ArgumentParser) -> None:
    """Add the subcommands of `keys` to its parser."""
    plain = argparse.RawDescriptionHelpFormatter
    verbs = parser.add_subparsers(dest="verb", metavar="create | list | revoke", required=True)
    create = verbs.add_parser(
        "create", help="make a key for a caller", description=CREATE, formatter_class=plain
    )
    create.add_argument("name", metavar="NAME", help="the caller, in [A-Za-z0-9._-]")
    create.add_argument(
        "--scopes",
        default=Scope.JOBS.value,
        help="jobs (work with own jobs), admin (/metrics, /v1/admin), or jobs,admin; default jobs",
    )
    _add_share(create)
    create.add_argument(
        "--for-keys-file",
        action="store_true",
        help="store nothing; print the lines that let it in from a keys file (CELSHADE_KEYS_FILE)",
    )
    verbs.add_parser("list", help="show whose keys there are, and what for")
    revoke = verbs.add_parser(
        "revoke", help="let keys in no more", description=REVOKE, formatter_class=plain
    )
    revoke.add_argument("prefixes", metavar="PREFIX", nargs="+", help="such as cs_Ab12Cd34")


def _add_share(create: argparse.ArgumentParser) -> None:
    create.add_argument("--weight", metavar="N", help="share of the workers; 1 for a new caller")
    create.add_argument("--max-open-jobs", metavar="N", help="most jobs open at once")
    create.add_argument(
        "--megapixels-per-day", metavar="MP", help="megapixels at work size a day; inf for no limit"
    )
    create.add_argument("--requests-per-minute", metavar="N", help="requests answered in a minute")


def run(args: argparse.Namespace) -> int:
    """Run the subcommand and return the exit code.

    Raises:
        ConfigurationError: An argument is invalid; lists every fault.
        NotFound: No key has that prefix.
        StoreUnavailable: The job store does not answer.
    """
    if args.verb == "create":
        _create(args)
        return 0
    store = JobStore.from_settings(load_settings(), timeout_s=TIMEOUT_S)
    try:
        if args.verb == "list":
            _list(store.api_keys)
        else:
            _revoke(store.api_keys, args.prefixes)
    finally:
        store.redis.close()
    return 0


def _create(args: argparse.Namespace) -> None:
    name, scopes, share = args.name, _scopes(args.scopes), _figures(args)
    key = new_key()
    lines = lines_for(key, name, scopes, share)  # reports faults before a key is stored
    if args.for_keys_file:
        sys.stdout.write(f"# The key, shown once; give it to {name}:\n#   {key}\n\n{lines}")
        return
    store = JobStore.from_settings(load_settings(), timeout_s=TIMEOUT_S)
    try:
        while not store.api_keys.add(
            prefix=prefix_of(key), sha256=digest_of(key), name=name, scopes=scopes, share=share
        ):
            key = new_key()  # that prefix is taken
    finally:
        store.redis.close()
    sys.stdout.write(f"{key}\n")
    sys.stderr.write(
        f"The key of {name}, shown once; API processes know it within 5 seconds. Revoke it with\n"
        f"  python -m api keys revoke {prefix_of(key)}\n"
    )


def _scopes(text: str) -> frozenset[Scope]:
    try:
        return frozenset(Scope(part.strip()) for part in text.split(","))
    except ValueError:
        raise ConfigurationError("scopes: choose jobs, admin, or jobs,admin.") from None


def _figures(args: argparse.Namespace) -> dict[str, Any]:
    """Return the given figures of the share, by field."""
    given = {name: getattr(args, name) for name in Share.model_fields}
    try:
        share = Share.model_validate({n: text for n, text in given.items() if text is not None})
    except ValidationError as error:
        raise ConfigurationError(
            "\n".join(
                f"--{str(fault['loc'][0]).replace('_', '-')}: {fault['msg']}"
                for fault in error.errors()
            )
        ) from None
    return {name: getattr(share, name) for name in sorted(share.model_fields_set)}


def _list(api_keys: ApiKeys) -> None:
    found = api_keys.all()
    if found.keys:
        by_age = sorted(found.keys.values(), key=lambda key: key.created_ms)
        sys.stdout.write(_table([_row(key) for key in by_age]))
        return
    state = "The service stays closed." if found.was_ever_used else "None was ever made."
    sys.stderr.write(f"There are no keys. {state} Make one: python -m api keys create NAME\n")


def _row(key: StoredKey) -> dict[str, str]:
    figures: Mapping[str, Any] = key.share.model_dump()
    return {
        "key": f"{key.prefix}...",
        "caller": key.name,
        "scopes": ",".join(sorted(key.scopes)),
        **{
            title: NOTHING if figures[name] is None else f"{figures[name]:g}"
            for name, title in (
                ("weight", "weight"),
                ("max_open_jobs", "open jobs"),
                ("megapixels_per_day", "MP/day"),
                ("requests_per_minute", "requests/min"),
            )
        },
        "created": _minute(key.created_ms),
        "last used": _minute(key.used_ms),
    }


def _minute(ms: int | None) -> str:
    return NOTHING if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%MZ}"


def _table(rows: list[dict[str, str]]) -> str:
    """Format rows under their titles, each column as wide as its widest text."""
    widths = {title: max(len(title), *(len(row[title]) for row in rows)) for title in rows[0]}

    def line(cells: Iterable[str]) -> str:
        padded = (cell.ljust(width) for cell, width in zip(cells, widths.values(), strict=True))
        return "  ".join(padded).rstrip() + "\n"

    return line(widths) + "".join(line(row.values()) for row in rows)


def _revoke(api_keys: ApiKeys, prefixes: Iterable[str]) -> None:
    for prefix in prefixes:
        short = prefix_of(prefix)  # a whole key is accepted too
        api_keys.revoke(short)
        sys.stderr.write(f"Revoked {short}...; API processes refuse it within 5 seconds.\n")
