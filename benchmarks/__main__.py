"""`python -m benchmarks`: measures what Celshade promises, on this machine.

Tables go to stdout as Markdown, progress to stderr, figures as JSON into a folder.
"""

import argparse
import sys
from pathlib import Path
from types import ModuleType

from benchmarks import (
    batch,
    decode_pool,
    efficiency,
    engine,
    hit,
    images,
    looks,
    machine,
    memory,
    queue,
    recovery,
    requests,
)
from benchmarks.service import NeverHappened
from common.errors import CelshadeError
from common.processes.supervisor import StartFailed

NOUNS: dict[str, ModuleType] = {
    "hit": hit,
    "requests": requests,
    "efficiency": efficiency,
    "memory": memory,
    "batch": batch,
    "recovery": recovery,
    "decode-pool": decode_pool,
    "queue": queue,
    "engine": engine,
    "looks": looks,
    "images": images,
}
EPILOG = """\
Each of them runs the whole service in a fresh directory under out/ and drives it by HTTP, but
decode-pool, images, engine and looks, which need only their part of a worker, and queue, which
needs only Redis. Without a noun all run, one after the other, with their defaults.

  make bench                            everything, half an hour on two cores
  make bench ARGS=hit                   one of them
  make bench ARGS="efficiency --help"   what it does and what it can be told

Figures mean little while others use the machine: stop what else runs."""


def main() -> int:
    """Run what was asked for; returns the exit code."""
    given = _parser().parse_args(sys.argv[1:] or ["all"])
    nouns = list(NOUNS) if given.noun == "all" else [given.noun]
    print(f"{machine.sentence(machine.describe())}\n")
    for noun in nouns:
        options = given if given.noun == noun else _parser().parse_args([noun])
        described = machine.describe()
        try:
            report = NOUNS[noun].run(options)
        except (NeverHappened, StartFailed, CelshadeError) as error:
            sys.stderr.write(f"{noun}: {error}\n")
            return 1
        print(f"{report.markdown()}\n", flush=True)
        sys.stderr.write(f"  figures in {report.save(given.save, described)}\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    nouns = parser.add_subparsers(dest="noun", required=True, metavar="NOUN")
    _add_save(nouns.add_parser("all", help="all of these, with their defaults"))
    for name, module in NOUNS.items():
        summary = (module.__doc__ or "").partition("\n")[0].partition(": ")[2]
        noun = nouns.add_parser(
            name,
            help=summary,
            description=module.HELP,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(noun)
        _add_save(noun)
    return parser


def _add_save(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--save",
        type=Path,
        default=Path("out/benchmarks"),
        help="folder for the figures as JSON (out/benchmarks)",
    )


if __name__ == "__main__":
    sys.exit(main())
