"""The arguments of the command line, and their help. Reads no environment of its own."""

import argparse
from collections.abc import Mapping
from pathlib import Path
from typing import NoReturn

from celshade.client.client import DEFAULT_URL
from celshade.command import help_texts
from celshade.command.argument_types import picture_format, seconds, strength, whole_number


class Parser(argparse.ArgumentParser):
    """argparse, with this command's style of error messages."""

    def error(self, message: str) -> NoReturn:
        """Print the error in one line, refer to the help, and exit with 2."""
        self.exit(2, f"celshade: {message}.\nTry '{self.prog} --help'.\n")


def build_parser(environ: Mapping[str, str], version: str) -> Parser:
    """Build the parser of the whole command.

    Args:
        environ: Where `CELSHADE_URL` and `CELSHADE_API_KEY` are looked up.
        version: What `--version` prints.
    """
    parser = Parser(
        prog="celshade",
        description=help_texts.DESCRIPTION,
        epilog=help_texts.EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"celshade {version}")
    url, key = environ.get("CELSHADE_URL") or DEFAULT_URL, environ.get("CELSHADE_API_KEY")
    server = _server_options(url=url, key=key)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_render(commands, server)
    _add_batch(commands, server)
    _add_watch(commands, server)
    commands.add_parser("styles", parents=[server], help="list the styles the server offers")
    _add_jobs(commands, server)
    _add_doctor(commands, server)
    _add_dead(commands, server)
    return parser


def _server_options(*, url: str | None, key: str | None) -> Parser:
    """Make the options that every command has; without defaults they keep values given before."""
    options = Parser(add_help=False, argument_default=argparse.SUPPRESS)
    group = options.add_argument_group("server and output")
    group.add_argument(
        "--url",
        default=url or argparse.SUPPRESS,
        help="address of the server (default: CELSHADE_URL, else http://127.0.0.1:8000)",
    )
    group.add_argument(
        "--api-key",
        metavar="KEY",
        default=key if url else argparse.SUPPRESS,
        help="API key; better kept in CELSHADE_API_KEY, where other users do not see it",
    )
    group.add_argument(
        "--json",
        action="store_true",
        default=False if url else argparse.SUPPRESS,
        help="print data for scripts on standard output",
    )
    return options


def _add(commands: "argparse._SubParsersAction[Parser]", name: str, *parents: Parser, help: str,
         description: str, epilog: str) -> Parser:  # fmt: skip
    return commands.add_parser(
        name,
        parents=list(parents),
        help=help,
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )


def _add_picture_options(parser: Parser) -> None:
    picture = parser.add_argument_group("picture (what is left out is the server's default)")
    picture.add_argument("--style", metavar="S", help="style; 'celshade styles' lists them")
    picture.add_argument(
        "--strength", type=strength, metavar="X", help="0 (the photo) to 1 (the cartoon)"
    )
    picture.add_argument(
        "--size", type=whole_number(1, 100_000), metavar="PX", help="long side, never enlarged"
    )
    picture.add_argument("--format", type=picture_format, metavar="F", help="jpeg, png or webp")
    picture.add_argument("--quality", type=whole_number(1, 100), metavar="Q", help="1 to 100")
    sending = parser.add_argument_group("sending")
    sending.add_argument("--priority", choices=["low", "normal", "high"], help="among your own")
    sending.add_argument(
        "--no-cache", action="store_true", help="render again, even what the server knows"
    )


def _add_parallel(parser: Parser) -> None:
    parser.add_argument(
        "--parallel", type=whole_number(1, 32), default=4, metavar="N",
        help="photos under way at once (default: 4)",
    )  # fmt: skip


def _add_render(commands: "argparse._SubParsersAction[Parser]", server: Parser) -> None:
    render = _add(
        commands, "render", server,
        help="turn photos into cartoons and save them",
        description="Send photos to the server, follow them, and save the cartoons.",
        epilog=help_texts.RENDER,
    )  # fmt: skip
    render.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="photos to turn")
    render.add_argument(
        "-o", "--out", type=Path, default=Path(), metavar="DIR",
        help="directory for the cartoons, made if missing (default: here)",
    )  # fmt: skip
    _add_picture_options(render)
    _add_parallel(render)


def _add_batch(commands: "argparse._SubParsersAction[Parser]", server: Parser) -> None:
    batch = _add(
        commands, "batch", server,
        help="turn all photos of a folder, out as a ZIP or as files",
        description="Send the photos of a folder at once, follow them, and save the cartoons.",
        epilog=help_texts.BATCH,
    )  # fmt: skip
    batch.add_argument("folder", type=Path, metavar="DIR", help="folder of the photos")
    batch.add_argument("-r", "--recursive", action="store_true", help="its folders as well")
    target = batch.add_mutually_exclusive_group(required=True)
    target.add_argument(
        "--zip", nargs="?", const=Path(), type=Path, metavar="FILE",
        help="one ZIP (without FILE: named after the folder, here)",
    )  # fmt: skip
    target.add_argument("-o", "--out", type=Path, metavar="DIR", help="directory for the cartoons")
    _add_picture_options(batch)


def _add_watch(commands: "argparse._SubParsersAction[Parser]", server: Parser) -> None:
    watch = _add(
        commands, "watch", server,
        help="turn photos as they come into a folder",
        description="Watch a folder, and turn each photo that comes into it.",
        epilog=help_texts.WATCH,
    )  # fmt: skip
    watch.add_argument("folder", type=Path, metavar="DIR", help="folder that photos come into")
    watch.add_argument(
        "-o", "--out", type=Path, required=True, metavar="DIR",
        help="directory for the cartoons, made if missing",
    )  # fmt: skip
    watch.add_argument("--once", action="store_true", help="end when all that is there is done")
    watch.add_argument(
        "--settle", type=seconds, default=2.0, metavar="S",
        help="seconds without change after which a photo is whole (default: 2)",
    )  # fmt: skip
    _add_picture_options(watch)
    _add_parallel(watch)


def _add_jobs(commands: "argparse._SubParsersAction[Parser]", server: Parser) -> None:
    jobs = _add(
        commands, "jobs", server,
        help="list your jobs, show one, cancel, retry or delete some",
        description="List your own jobs, newest first, or do something with some.",
        epilog=help_texts.JOBS,
    )  # fmt: skip
    jobs.add_argument("--status", help="only those in this state, e.g. failed")
    jobs.add_argument(
        "--limit", type=whole_number(1, 100_000), default=20, help="how many (default: 20)"
    )
    again = _server_options(url=None, key=None)
    verbs = jobs.add_subparsers(dest="verb", metavar="VERB")
    show = verbs.add_parser("show", parents=[again], help="all there is to know of a job")
    show.add_argument("job", metavar="JOB", help="id of the job")
    for verb, what in (
        ("cancel", "end jobs that are no longer wanted"),
        ("retry", "begin the next run of failed, canceled or expired jobs"),
        ("delete", "forget jobs and their pictures"),
    ):
        each = verbs.add_parser(verb, parents=[again], help=what, description=f"{what}.")
        each.add_argument("jobs", nargs="+", metavar="JOB", help="ids of jobs")


def _add_doctor(commands: "argparse._SubParsersAction[Parser]", server: Parser) -> None:
    doctor = _add(
        commands, "doctor", server,
        help="find out what does not work, and what to do",
        description="Look at everything between this machine and a picture.",
        epilog=help_texts.DOCTOR,
    )  # fmt: skip
    doctor.add_argument("--render", action="store_true", help="render a small picture as well")


def _add_dead(commands: "argparse._SubParsersAction[Parser]", server: Parser) -> None:
    dead = commands.add_parser(
        "dead",
        parents=[server],
        help="list what has failed for good, of all callers; needs a key with the scope admin",
        description="List the jobs of all callers that failed for good, retry some, or purge all.",
    )
    verbs = dead.add_mutually_exclusive_group()
    verbs.add_argument("--retry", nargs="+", metavar="JOB", help="begin the next run of these jobs")
    verbs.add_argument("--retry-all", action="store_true", help="begin the next run of all")
    verbs.add_argument("--purge", action="store_true", help="empty the list; the jobs stay")
    dead.add_argument(
        "--limit", type=whole_number(1, 100), default=20, help="how many (default: 20)"
    )
