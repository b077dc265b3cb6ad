"""The command line of `python -m worker`. It loads no torch: the supervisor must stay small."""

import argparse
from pathlib import Path
from typing import Final

_EPILOG: Final = """\
Everything is set by CELSHADE_* variables (docs/configuration.md). The most useful here:
  CELSHADE_DEVICE=auto|cpu|0,1    one process per GPU; without one, a single one on the CPU
  CELSHADE_WORKER_THREADS=N       CPU threads of the model (divide the cores among workers)
  CELSHADE_MAX_BATCH=N            largest batch; measured at start when left out
  CELSHADE_STYLES=ink,pencil      serve these alone: fewer start faster and take less memory
  CELSHADE_STYLES_DIR=DIR         bundles of styles: `python -m worker styles --help`
  CELSHADE_EXTRA_STYLES=m:Class   more styles

SIGTERM: what is being rendered finishes (CELSHADE_DRAIN_S), the rest goes back in line.
"""


def make_parser() -> argparse.ArgumentParser:
    """Make the parser; without a command there is only work."""
    parser = argparse.ArgumentParser(
        prog="python -m worker",
        description="Render photos: take work from the job store until told to stop.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    _add_styles(parser.add_subparsers(dest="command", title="instead of work"))
    return parser


def _add_styles(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    styles = commands.add_parser("styles", help="look after the bundles of styles on this machine")
    verbs = styles.add_subparsers(dest="verb", required=True)
    add = verbs.add_parser("add", help="fetch a bundle, verify it, show its licence, put it here")
    add.add_argument("source", help="its folder, or the http(s) address of its model.json")
    add.add_argument("--replace", action="store_true", help="in place of one of the same name")
    add.add_argument("--sha256", metavar="HEX", help="what its model.json must have")
    verbs.add_parser("list", help="all bundles, the built-in ones too, with their licences")
    verify = verbs.add_parser("verify", help="check every file's SHA-256, and load the weights")
    verify.add_argument("names", nargs="*", metavar="name", help="styles; all when left out")
    remove = verbs.add_parser("remove", help="delete a bundle from this machine")
    remove.add_argument("name", help="of its style")
    _add_convert(verbs)


def _add_convert(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    convert = verbs.add_parser("convert", help="make a bundle out of weights as they are published")
    convert.add_argument("arch", choices=["animegan2", "dctnet"])
    convert.add_argument(
        "source",
        type=Path,
        help="animegan2: a checkpoint of the public PyTorch port (.pt); "
        "dctnet: a folder with *_bg.pb, and perhaps *_h.pb, alpha.jpg, detector.onnx, "
        "keypoints.onnx",
    )
    convert.add_argument("folder", type=Path, help="the bundle's, new or empty")
    convert.add_argument("--name", required=True, help="of the style: a-z, 0-9 and '-'")
    convert.add_argument("--title", help="name for people")
    convert.add_argument("--bundle-version", default="1", metavar="V", help="for people")
    convert.add_argument("--license", required=True, help="of the weights: an SPDX name")
    convert.add_argument("--origin", required=True, help="address of the page they come from")
    convert.add_argument(
        "--commercial-use", action="store_true", help="the licence allows commercial use"
    )
