"""What `python -m deploy.local` is asked to do: the command line, with its help.

Pure: reads arguments, touches nothing. What the command line leaves out comes from the CELSHADE_*
settings of the same meaning, then from the defaults of a single machine.
"""

import argparse
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from common.settings import Settings

Store = Literal["local", "s3"]

DESCRIPTION = "Run all of Celshade on this machine, from one terminal and without root."
UP_HELP = """\
Starts a job store (Redis or Valkey), the keeper, the API and the workers, shows a line for each,
starts again what dies, and stops all of them in good order on Ctrl-C or SIGTERM.

  python -m deploy.local up                              http://127.0.0.1:8000, data in data/
  python -m deploy.local up --port 0 --workers 2         any free port, two workers
  python -m deploy.local up --store s3                   pictures in a real S3 server (rclone)

In the data directory: run/NAME.pid names each process (api, keeper, redis, s3, worker-1, which
holds the model, and worker-1-supervisor), logs/NAME.log holds what it says.

Every CELSHADE_* variable reaches every process (docs/configuration.md). CELSHADE_REDIS_URL names a
running Redis and CELSHADE_S3_ENDPOINT_URL a running S3 server to be used instead of own ones."""
DEMO_HELP = """\
Starts the whole service in a fresh directory, sends a photo through HTTP, shows the progress,
writes the picture and a before-and-after beside it, shows where the time went, sends the photo
again (answered from the cache) and with another strength, and stops everything it started."""


@dataclass(frozen=True)
class StackOptions:
    """How the stack is to be run.

    Attributes:
        data: Data directory, absolute.
        port: TCP port of the API.
        workers: Worker processes, at least 1.
        store: Where pictures lie.
    """

    data: Path
    port: int
    workers: int
    store: Store


@dataclass(frozen=True)
class DemoOptions:
    """What the demonstration is to use.

    Attributes:
        photo: The photo to send.
        out: Directory for the pictures.
        store: Where the service keeps its own.
    """

    photo: Path
    out: Path
    store: Store


def parse(arguments: Sequence[str], settings: Settings) -> StackOptions | DemoOptions:
    """Read the command line; a wrong one ends the process with a usage line and code 2.

    Args:
        arguments: Without the program's name.
        settings: What the environment says.
    """
    given = _parser(settings).parse_args(arguments)
    if given.command == "demo":
        return DemoOptions(photo=given.photo, out=given.out, store=given.store)
    return StackOptions(
        data=given.data.resolve(), port=given.port, workers=given.workers, store=given.store
    )


def threads_per_worker(workers: int) -> int:
    """Return how many cores of this machine each of the workers may use."""
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, (cores or 1) // workers)


def _parser(settings: Settings) -> argparse.ArgumentParser:
    """Build the parser."""
    parser = argparse.ArgumentParser(prog="python -m deploy.local", description=DESCRIPTION)
    commands = parser.add_subparsers(dest="command", required=True, metavar="up | demo")
    store = settings.objects if "objects" in settings.model_fields_set else "local"
    up = _command(commands, "up", "run the service until Ctrl-C", UP_HELP)
    port, data = settings.api_port, Path("data")
    up.add_argument(
        "--port", type=_port, default=port, help=f"port of the API, 0 for any free one ({port})"
    )
    up.add_argument("--workers", type=_count, default=1, help="worker processes (1)")
    up.add_argument("--data", type=Path, default=data, help=f"data directory ({data}/)")
    demo = _command(commands, "demo", "show the whole way of one photo", DEMO_HELP)
    demo.add_argument(
        "--photo", type=Path, default=Path("tests/photos/astronaut.jpg"), help="photo to send"
    )
    demo.add_argument("--out", type=Path, default=Path("out"), help="where pictures go (out/)")
    for command in (up, demo):
        command.add_argument(
            "--store",
            choices=("local", "s3"),
            default=store,
            help=f"where pictures lie: a directory, or an S3 server ({store})",
        )
    return parser


def _command(
    commands: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, line: str, text: str
) -> argparse.ArgumentParser:
    """Add one command with the help that teaches it."""
    return commands.add_parser(
        name,
        help=line,
        description=text,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _port(text: str) -> int:
    """Read a TCP port, 0 included."""
    return _number(text, least=0, most=65535)


def _count(text: str) -> int:
    """Read a number of workers."""
    return _number(text, least=1, most=64)


def _number(text: str, *, least: int, most: int) -> int:
    """Read an integer within bounds."""
    if not text.isdecimal() or not least <= int(text) <= most:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from {least} to {most}")
    return int(text)
