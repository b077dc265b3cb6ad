"""The rules of the house that no linter knows: sizes, headers, names, and who reads what."""

import ast
import re
from collections.abc import Collection, Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support import checkout

MAX_LINES = 300
MOST_FLAT_IN_API = 4
PRODUCT = ("api", "worker", "keeper", "common", "client", "deploy")
PACKAGES = ("api", "worker", "keeper", "common", "deploy", "client/celshade")
WORKSHOPS = ("training", "tools")
# Names that say nothing about what is inside.
VAGUE = {"utils", "util", "helpers", "helper", "manager", "managers", "misc"}
ENVIRONMENT = {"environ", "environb", "getenv", "getenvb", "putenv"}
MAY_READ_ENVIRONMENT = {
    "common/settings.py": "the settings, and the environment handed on to a child",
    "client/celshade/command/main.py": "hands it to its parser for the client's two variables",
}
# Paths of one machine, and hosts of package indexes: the checkout must work everywhere. The classes
# of one letter keep this very expression from being found.
PRIVATE = re.compile(
    r"(?<![\w.])/(?:root|work)/|(?<![\w.])/home/\w|pypi\.(?:org|python)|python[h]osted|"
    r"download\.pytorch|/[s]imple/"
)


def python_files(*folders: str) -> list[Path]:
    """Return the Python files of the checkout, or of some of its folders."""
    return checkout.files(*(f"{folder}/*.py" for folder in folders or (".",)))


def texts() -> Iterator[tuple[str, str]]:
    """Yield the path and text of every file that is text."""
    for path in checkout.files():
        try:
            yield checkout.name_of(path), path.read_text(encoding="utf-8")
        except UnicodeDecodeError:  # a picture
            continue


def trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Yield the path and syntax tree of every Python file."""
    for path in python_files(*folders):
        yield checkout.name_of(path), ast.parse(path.read_text())


def reads_environment(tree: ast.Module) -> bool:
    """Say whether a module reaches for the environment in any of os' ways."""
    for node in ast.walk(tree):
        match node:
            case ast.Attribute(value=ast.Name(id="os"), attr=name) if name in ENVIRONMENT:
                return True
            case ast.ImportFrom(module="os", names=names):
                if any(alias.name in ENVIRONMENT for alias in names):
                    return True
    return False


def prints(tree: ast.Module) -> bool:
    """Say whether a module calls print."""
    return any(
        isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
        for node in ast.walk(tree)
    )


def test_the_tests_see_the_whole_checkout() -> None:
    seen = {checkout.name_of(path) for path in python_files()}

    assert "common/settings.py" in seen
    assert "tests/unit/test_house.py" in seen
    assert all(f"{package}/__init__.py" in seen for package in PACKAGES)


def test_no_file_is_long() -> None:
    sources = checkout.files("*.py", "*.lua")

    lengths = {checkout.name_of(path): len(path.read_text().splitlines()) for path in sources}

    assert {name: lines for name, lines in lengths.items() if lines > MAX_LINES} == {}


def test_every_module_says_what_it_owns() -> None:
    assert [name for name, tree in trees() if not ast.get_docstring(tree)] == []


def test_every_script_begins_with_its_header() -> None:
    scripts = checkout.files("*.lua")

    def begins_with_comment(path: Path) -> bool:
        lines = [line for line in path.read_text().splitlines() if not line.startswith("#!")]
        return lines[0].startswith("--") and len(lines[0]) > len("-- ")

    assert scripts
    assert [checkout.name_of(path) for path in scripts if not begins_with_comment(path)] == []


def test_names_say_what_is_inside() -> None:
    folders = {
        folder for path in python_files() for folder in path.relative_to(checkout.ROOT).parts
    }
    words = {folder.removesuffix(".py") for folder in folders}

    assert words & VAGUE == set()


def test_only_the_settings_read_the_environment() -> None:
    readers = {name for name, tree in trees(*PRODUCT) if reads_environment(tree)}

    assert readers == MAY_READ_ENVIRONMENT.keys()


@pytest.mark.parametrize(
    "source",
    [
        "import os\nos.environ['X']",
        "import os\nos.getenv('X')",
        "from os import path, environ",
        "import os\ndict(**os.environ)",
    ],
)
def test_a_reader_of_the_environment_is_found(source: str) -> None:
    assert reads_environment(ast.parse(source))


def test_the_product_never_prints() -> None:
    assert [name for name, tree in trees(*PRODUCT) if prints(tree)] == []


def test_nothing_names_one_machine_or_a_package_index() -> None:
    found = {name: match[0] for name, text in texts() if (match := PRIVATE.search(text))}

    assert found == {}


def test_the_api_has_few_files_that_no_feature_owns() -> None:
    flat = [path.name for path in (checkout.ROOT / "api").glob("*.py")]

    assert len(flat) <= MOST_FLAT_IN_API, sorted(flat)


def modules(*packages: str) -> dict[str, ast.Module]:
    """Return the syntax trees of some packages by the names that they are imported by."""
    found = {}
    for name, tree in trees(*packages):
        dotted = name.removeprefix("client/").removesuffix(".py").replace("/", ".")
        found[dotted] = tree
    return found


def imported(tree: ast.Module, known: Collection[str]) -> Iterator[str]:
    """Yield the known modules that a module imports; packages as their `__init__`."""
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=names):
                wanted = [(alias.name, "") for alias in names]
            case ast.ImportFrom(module=str(module), names=names, level=0):
                wanted = [(f"{module}.{alias.name}", module) for alias in names]
            case _:
                continue
        for name, parent in wanted:
            places = (name, f"{name}.__init__", parent, f"{parent}.__init__")
            yield from [place for place in places if place in known][:1]


def circles(trees_by_module: Mapping[str, ast.Module]) -> list[list[str]]:
    """Return packages that need each other; a package and one inside it are two."""
    needs: dict[str, set[str]] = {}
    for module, tree in trees_by_module.items():
        here = module.rpartition(".")[0]
        others = {name.rpartition(".")[0] for name in imported(tree, trees_by_module)}
        needs.setdefault(here, set()).update(others - {here})
    order = TopologicalSorter(needs)
    try:
        order.prepare()
    except CycleError as error:
        return [error.args[1]]
    return []


def test_no_packages_need_each_other() -> None:
    assert circles(modules(*PACKAGES, *WORKSHOPS)) == []


def test_a_circle_is_found() -> None:
    sources = {
        "a.one": "import b.two",
        "b.two": "from b.inner import three",
        "b.inner.three": "from a import one",
        "c.four": "from c.five import x\nimport a.one",
        "c.five": "from c import four",
    }

    (circle,) = circles({name: ast.parse(text) for name, text in sources.items()})

    assert set(circle) == {"a", "b", "b.inner"}


def test_unit_tests_mirror_the_packages() -> None:
    folders = {checkout.name_of(path.parent) for path in checkout.files("tests/unit/*.py")}
    mirrored = {folder.removeprefix("tests/unit").lstrip("/") for folder in folders} - {""}
    packages = {checkout.name_of(path.parent) for path in python_files(*PACKAGES, *WORKSHOPS)}
    packages = {package.replace("client/celshade", "client") for package in packages}

    assert sorted(mirrored - packages) == []
