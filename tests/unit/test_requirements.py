"""The lock files: from today's lists, hashed to the last line, and free of where they were made."""

import ast
import re
import sys
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.support import checkout

NO_LOCK = {"common"}  # part of other lists, installed by none
NOT_IN_DEV = {"bench"}  # holds what neither the service nor its tests need
NO_HASHES = {"torch"}  # its build depends on the machine
LISTS = sorted(path.stem for path in checkout.REQUIREMENTS.glob("*.in"))
LOCKS = sorted(path.stem for path in checkout.REQUIREMENTS.glob("*.txt"))
# Options that name an index, a folder or a file of the machine that compiled.
PLACES = re.compile(r"--(index|extra-index)-url|--find-links|^-[if]\b|file:|://", re.MULTILINE)


def listed(name: str) -> list[Requirement]:
    """Return what a list asks for, with the lists it includes."""
    found = []
    for line in (checkout.REQUIREMENTS / f"{name}.in").read_text().splitlines():
        text = line.partition("#")[0].strip()
        if text.startswith("-r "):
            found += listed(Path(text.removeprefix("-r ")).stem)
        elif text:
            found.append(Requirement(text))
    return found


def locked(name: str) -> dict[str, list[str]]:
    """Return the versions that a lock file pins, by package; several where Pythons differ."""
    versions: dict[str, list[str]] = {}
    for line in pins(name):
        requirement = Requirement(line.split(" --hash")[0])
        (pin,) = requirement.specifier
        assert pin.operator == "=="
        versions.setdefault(canonicalize_name(requirement.name), []).append(pin.version)
    return versions


def pins(name: str) -> list[str]:
    """Return the logical lines of a lock file, hashes included."""
    text = (checkout.REQUIREMENTS / f"{name}.txt").read_text()
    joined = re.sub(r"\s*\\\n\s*", " ", text)
    return [line for line in joined.splitlines() if line and not line.startswith("#")]


def imports(node: ast.AST) -> Iterator[str]:
    """Yield the top-level names that code imports when it runs, not for its types alone."""
    match node:
        case ast.If(test=ast.Name(id="TYPE_CHECKING")):
            return
        case ast.Import(names=names):
            yield from (alias.name.partition(".")[0] for alias in names)
        case ast.ImportFrom(module=str(module), level=0):
            yield module.partition(".")[0]
    for child in ast.iter_child_nodes(node):
        yield from imports(child)


def libraries_of(*packages: str) -> set[str]:
    """Return the distributions that some packages of ours import."""
    paths = checkout.files(*(f"{package}/*.py" for package in packages))
    names = {name for path in paths for name in imports(ast.parse(path.read_text()))}
    owners = packages_distributions()
    foreign = names - set(sys.stdlib_module_names) - set(packages)
    return {canonicalize_name(owner) for name in foreign for owner in owners.get(name, [name])}


def test_every_list_has_its_lock() -> None:
    assert set(LISTS) - NO_LOCK == set(LOCKS) - {"torch"}


def unlocked(name: str) -> Iterator[str]:
    """Yield what a list asks for and its lock file does not hold."""
    versions = locked(name)
    for requirement in listed(name):
        held = versions.get(canonicalize_name(requirement.name), [])
        if not held or not all(requirement.specifier.contains(version) for version in held):
            yield f"{name}.txt holds {held} for {requirement}"


def test_a_lock_was_compiled_from_todays_list() -> None:
    assert [fault for name in sorted(set(LISTS) - NO_LOCK) for fault in unlocked(name)] == []


def test_every_pin_has_its_hashes() -> None:
    hashed = {name: pins(name) for name in LOCKS if name not in NO_HASHES}

    assert [name for name, lines in hashed.items() if not lines] == []
    assert [
        f"{name}.txt: {line}"
        for name, lines in hashed.items()
        for line in lines
        if not re.search(r" --hash=sha256:[0-9a-f]{64}", line)
    ] == []


def test_nothing_names_where_packages_come_from() -> None:
    texts = {path.name: path.read_text() for path in checkout.REQUIREMENTS.iterdir()}

    assert {name: match[0] for name, text in texts.items() if (match := PLACES.search(text))} == {}


def test_torch_stands_in_its_own_file_alone() -> None:
    holders = [name for name in LOCKS if "torch" in locked(name)]

    assert holders == ["torch"]
    assert locked("torch").keys() == {"torch"}


def test_locks_agree_with_each_other() -> None:
    # One machine may install several of them: two versions of one library would fight.
    everything = locked("dev")

    for name in sorted(set(LOCKS) - {"dev", "torch", "gpu"}):
        for package, versions in locked(name).items():
            elsewhere = everything.get(package, versions if name in NOT_IN_DEV else None)
            assert elsewhere == versions, f"{package} in {name}.txt"


@pytest.mark.parametrize("process", ["api", "keeper", "worker"])
def test_a_process_has_every_library_that_its_code_imports(process: str) -> None:
    held = locked(process).keys() | ({"torch"} if process == "worker" else set())
    needed = libraries_of(process, "common")

    assert needed
    assert needed - held == set()
