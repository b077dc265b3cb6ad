"""`python -m training`: fetch photos, train a look, judge it, make it a bundle.

    python -m training photos                   fetch the listed photos through pip and apt
    python -m training train --style ink        train; again after a stop: it goes on
    python -m training validate --style ink     PSNR and SSIM to the teacher on unseen photos
    python -m training export --style ink       write worker/builtin/ink
    python -m training pictures --style ink     write the pictures of docs/looks.md

All of it stays under out/training, which git ignores, until `export`.
"""

import argparse
import os
import sys
from pathlib import Path

import torch

from common.errors import ConfigurationError
from training import exporting, judging, sheets
from training.album import read_list
from training.crops import Crops
from training.fetching import fetch
from training.learning import Apprentice, Plan
from training.places import BUILTIN, IMAGES, OUT
from training.running import WATCHED, Workshop, run
from training.targets import Pair, prepare
from training.teachers import TEACHERS, Teacher
from worker.networks.precision import Precision

PHOTOS = OUT / "photos"
CACHE = OUT / "cache"


def say(line: str) -> None:
    """Print at once, also into a file."""
    print(line, flush=True)


def arguments(words: list[str] | None = None) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m training",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("photos", help="fetch the photos of training/photos.toml")
    train = commands.add_parser("train", help="train a look, or go on training it")
    train.add_argument("--steps", type=int, default=12000, help="steps in all (default: 12000)")
    train.add_argument("--seed", type=int, default=1, help="of weights and batches (default: 1)")
    train.add_argument("--pace", type=float, default=1.5e-3, help="learning rate (default: 0.0015)")
    train.add_argument("--start", type=Path, metavar="FOLDER", help="begin with a bundle's weights")
    validate = commands.add_parser("validate", help="compare a look with its teacher")
    validate.add_argument("--picture", type=Path, help="also write all of them side by side (PNG)")
    export = commands.add_parser("export", help="write the bundle from the checkpoint")
    pictures = commands.add_parser("pictures", help="write the documentation's pictures of a look")
    for command in (train, validate, export, pictures):
        command.add_argument("--style", choices=sorted(TEACHERS), default="ink")
    return parser.parse_args(words)


def pairs_of(teacher: Teacher, split: str) -> list[Pair]:
    """The pairs of one half of the list, made if need be."""
    teacher.filter.load(torch.device("cpu"), Precision.FLOAT32)
    photos = [photo for photo in read_list() if photo.split == split]
    return prepare(photos, teacher, PHOTOS, CACHE, say)


def train(options: argparse.Namespace) -> None:
    """Train a style from its first step or its last checkpoint."""
    teacher, workshop = TEACHERS[options.style](), Workshop(OUT / options.style)
    # 512 pixels are enough to watch with; the first ones of the list are portraits and fur.
    unseen = [pair for pair in pairs_of(teacher, "validation") if pair.long_side_px <= 512]  # noqa: PLR2004
    crops = Crops(pairs_of(teacher, "train"), options.seed)
    plan = Plan(
        options.style,
        teacher.filter.card.model_digest,
        options.seed,
        options.steps,
        options.pace,
        teacher.ending,
    )
    start = exporting.load(options.start).state_dict() if options.start else None
    fast = torch.ops.mkldnn._is_mkldnn_bf16_supported()  # torch has no public name for it
    apprentice = Apprentice(plan, start, bfloat16=fast)
    if workshop.checkpoint.exists():
        apprentice.resume(workshop.checkpoint)
        say(f"going on at step {apprentice.step}")
    say(
        f"{options.style}: process {os.getpid()}, {torch.get_num_threads()} threads, "
        f"{'bfloat16' if fast else 'float32'}; Ctrl-C stops it, the same command goes on"
    )
    run(apprentice, crops, unseen[:WATCHED], workshop, say)


def validate(options: argparse.Namespace) -> None:
    """Print how near a built-in look comes to its teacher."""
    pairs = pairs_of(TEACHERS[options.style](), "validation")
    network = exporting.load(BUILTIN / options.style)
    say(judging.table(judging.judge(network, pairs)))
    if options.picture:
        judging.show(network, pairs, options.picture)


def pictures(options: argparse.Namespace) -> None:
    """Write the documentation's pictures of a built-in look."""
    pairs = pairs_of(TEACHERS[options.style](), "validation")
    network = exporting.load(BUILTIN / options.style)
    sheets.show_look(network, pairs, IMAGES / f"look-{options.style}.jpg")
    if options.style == "ink":
        sheets.show_sizes(network, pairs, IMAGES / "look-sizes.jpg")


def main() -> int:
    """Run one command."""
    options = arguments()
    try:
        match options.command:
            case "photos":
                fetch(read_list(), PHOTOS, say)
            case "train":
                train(options)
            case "validate":
                validate(options)
            case "pictures":
                pictures(options)
            case "export":
                checkpoint = Workshop(OUT / options.style).checkpoint
                say(str(exporting.export(options.style, checkpoint, BUILTIN / options.style)))
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stopped; the same command goes on from the last checkpoint", file=sys.stderr)
        return 130
    return 0
