"""What the command line means; the help that teaches it. Reads no environment of its own."""

import argparse
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn

from celshade.client import DEFAULT_URL

DESCRIPTION = "Turn photos into cartoons on a Celshade server."
EPILOG = """\
examples:
  celshade render photo.jpg                    one photo, the server's default style
  celshade render holiday/*.jpg -o cartoons/   many, four at a time
  celshade styles                              what styles there are
  celshade jobs                                what you have sent lately
  celshade dead                                what failed for good, for those in charge

'celshade COMMAND --help' explains a command.

environment:
  CELSHADE_URL       the server, when --url is left out (default: http://127.0.0.1:8000)
  CELSHADE_API_KEY   the API key, when --api-key is left out; sent to that server only
"""
RENDER_EPILOG = """\
examples:
  celshade render photo.jpg -o out/
  celshade render *.jpg *.png -o out/ --style ink-filter --strength 0.7
  celshade render poster.png --size 2048 --format png
  celshade render photo.jpg --format jpeg --quality 80 --priority high
  celshade render photo.jpg --url https://celshade.example.org

Each picture is saved as PHOTO-STYLE.EXT. A second run replaces the pictures of the first;
two photos of one run never share a picture, and no photo named here is ever overwritten.
'hit' behind a picture: the server knew it already; 'miss': it was rendered now.

exit status: 0 all pictures saved, 1 some were not, 2 wrong usage, 130 stopped with Ctrl-C
"""


class Parser(argparse.ArgumentParser):
    """argparse, with complaints in this command's voice."""

    def error(self, message: str) -> NoReturn:
        """Complain in one line, name the help, and exit with 2."""
        self.exit(2, f"celshade: {message}.\nTry '{self.prog} --help'.\n")


def build_parser(environ: Mapping[str, str], version: str) -> Parser:
    """Build the parser of the whole command.

    Args:
        environ: Where `CELSHADE_URL` and `CELSHADE_API_KEY` are looked up.
        version: What `--version` prints.
    """
    parser = Parser(
        prog="celshade",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"celshade {version}")
    server = _server_options(environ)
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    _add_render(commands, server)
    commands.add_parser("styles", parents=[server], help="list the styles the server offers")
    jobs = commands.add_parser("jobs", parents=[server], help="list your jobs, newest first")
    jobs.add_argument("--status", help="only those in this state, e.g. failed")
    jobs.add_argument("--limit", type=_whole(1, 1000), default=20, help="how many (default: 20)")
    _add_dead(commands, server)
    return parser


def _server_options(environ: Mapping[str, str]) -> Parser:
    options = Parser(add_help=False)
    group = options.add_argument_group("server")
    group.add_argument(
        "--url",
        default=environ.get("CELSHADE_URL") or DEFAULT_URL,
        help="address of the server (default: CELSHADE_URL, else http://127.0.0.1:8000)",
    )
    group.add_argument(
        "--api-key",
        metavar="KEY",
        default=environ.get("CELSHADE_API_KEY"),
        help="API key; better kept in CELSHADE_API_KEY, where other users do not see it",
    )
    return options


def _add_render(commands: "argparse._SubParsersAction[Parser]", server: Parser) -> None:
    render = commands.add_parser(
        "render",
        parents=[server],
        help="turn photos into cartoons and save them",
        description="Send photos to the server, follow them, and save the cartoons.",
        epilog=RENDER_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    render.add_argument("photos", nargs="+", type=Path, metavar="PHOTO", help="photos to turn")
    render.add_argument(
        "-o", "--out", type=Path, default=Path(), metavar="DIR",
        help="directory for the cartoons, made if missing (default: here)",
    )  # fmt: skip
    picture = render.add_argument_group("picture (what is left out is the server's default)")
    picture.add_argument("--style", metavar="S", help="style; 'celshade styles' lists them")
    picture.add_argument(
        "--strength", type=_strength, metavar="X", help="0 (the photo) to 1 (the cartoon)"
    )
    picture.add_argument(
        "--size", type=_whole(1, 100_000), metavar="PX", help="long side, never enlarged"
    )
    picture.add_argument("--format", type=_picture_format, metavar="F", help="jpeg, png or webp")
    picture.add_argument("--quality", type=_whole(1, 100), metavar="Q", help="1 to 100")
    sending = render.add_argument_group("sending")
    sending.add_argument("--priority", choices=["low", "normal", "high"], help="among your own")
    sending.add_argument(
        "--no-cache", action="store_true", help="render anew, even what the server knows"
    )
    sending.add_argument(
        "--parallel", type=_whole(1, 32), default=4, metavar="N",
        help="photos under way at once (default: 4)",
    )  # fmt: skip


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
    dead.add_argument("--limit", type=_whole(1, 100), default=20, help="how many (default: 20)")


def _strength(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 1.0:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 0 to 1")
    return value


def _picture_format(text: str) -> str:
    value = {"jpg": "jpeg"}.get(text.lower(), text.lower())
    if value not in {"jpeg", "png", "webp"}:
        raise argparse.ArgumentTypeError(f"'{text}' is none of jpeg, png, webp")
    return value


def _whole(least: int, most: int) -> Callable[[str], int]:
    """Make the reader of a whole number in a range, both ends included."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = least - 1
        if not least <= value <= most:
            raise argparse.ArgumentTypeError(
                f"'{text}' is not a whole number from {least} to {most}"
            )
        return value

    return read
