"""Builds the text of each verb's script: constants, the clock, and the shared functions it uses.

Redis runs a script from its first line at every call, so each function in it is allocated again.
On a server with a million jobs, allocating all shared functions took three quarters of `admit`. So
a script contains only what its verb can reach.
"""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from common import jobs
from common.jobstore.policy import REMEMBERED_CODES, Policy, sentences
from common.jobstore.redis_keys import PREFIX

_FOLDER = Path(__file__).parent / "lua"
# The files of `lua/lib`, in order: each uses only definitions of earlier ones.
_LIBRARY = (
    "due_sets",
    "objects",
    "batches",
    "line",
    "webhooks",
    "jobs",
    "events",
    "renders",
    "views",
    "admission",
    "batch_endings",
    "images",
    "webhook_delivery",
)
# Version of the records. Fields are only added; readers accept that older records lack them.
# 1 had no `eta` and no `failed_by` in renders; 2 had metadata in one piece of any length.
SCHEMA = 3

# Redis' own time, in milliseconds; tests replace it by their own clock.
REDIS_CLOCK = """\
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
"""

# A definition begins at the margin and lasts until the next unindented line but its own `end`.
_DEFINITION = re.compile(r"^local (?:function )?(\w+).*\n(?:[ \t].*\n|end\n|\n)*", re.MULTILINE)
_NOT_CODE = re.compile(r"'[^'\n]*'|--.*")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_FIGURE = re.compile(r"\bP\.(\w+)")


def compose(policy: Policy, clock: str = REDIS_CLOCK) -> dict[str, str]:
    """Return the text of each verb's script, by verb.

    Args:
        policy: The figures to insert.
        clock: Lua text that defines `now`, milliseconds since the epoch.
    """
    shared = _definitions()
    texts = {}
    for path in sorted(_FOLDER.glob("*.lua")):
        shebang, _, body = path.read_text().partition("\n")
        used = _reachable(body, shared)
        code = "".join(text for name, text in shared.items() if name in used) + body
        code = _with_figures(code, policy)
        time = clock if "now" in _names(code) else ""
        texts[path.stem] = "\n".join([shebang, *_constants(code), time + code])
    return texts


def files_of(verb: str) -> set[Path]:
    """Return the files that a verb's script is built from: its own and those of the library.

    Args:
        verb: Name of the script.
    """
    own = _FOLDER / f"{verb}.lua"
    used = _reachable(own.read_text().partition("\n")[2], _definitions())
    return {own, *(path for path in _library() if used & _definitions(path).keys())}


def _library() -> tuple[Path, ...]:
    return tuple(_FOLDER / "lib" / f"{name}.lua" for name in _LIBRARY)


def _definitions(*files: Path) -> dict[str, str]:
    """Return the definitions in files of the library (default: all), by name, in order."""
    library = "\n".join(path.read_text() for path in files or _library())
    return {found[1]: found[0] for found in _DEFINITION.finditer(library)}


def _names(code: str) -> set[str]:
    """Return the names that a text uses, without comments, strings and fields behind a dot."""
    return set(_NAME.findall(_NOT_CODE.sub("", code)))


def _reachable(body: str, shared: Mapping[str, str]) -> set[str]:
    """Return the names of all definitions that a verb uses, directly or indirectly."""
    found: set[str] = set()
    waiting = _names(body) & shared.keys()
    while waiting:
        name = waiting.pop()
        found.add(name)
        waiting |= (_names(shared[name]) & shared.keys()) - found
    return found


def _with_figures(code: str, policy: Policy) -> str:
    """Replace `P.name` by the policy's figure of that name."""
    return _FIGURE.sub(lambda found: f"({_lua(getattr(policy, found[1]))})", code)


def _constants(code: str) -> Iterator[str]:
    """Yield the Lua definitions of the constants that a script takes from Python."""
    constants: dict[str, object] = {
        "K": PREFIX,
        "SCHEMA": SCHEMA,
        "REMEMBERED": dict.fromkeys(REMEMBERED_CODES, True),
        "MESSAGES": sentences(),
        "MOVES": {
            f"{before} {after}": True
            for before, afters in jobs.TRANSITIONS.items()
            for after in sorted(afters)
        },
        "OPEN": dict.fromkeys(sorted(map(str, jobs.OPEN)), True),
        "RETRYABLE": dict.fromkeys(sorted(map(str, jobs.RETRYABLE)), True),
        "EMPTY": {},
    }
    names = _names(code)
    for name, value in constants.items():
        if name in names:
            yield f"local {name} = {_lua(value)}"


def _lua(value: object) -> str:
    """Write a constant as a Lua literal."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=True)
    if isinstance(value, Mapping):
        return "{" + ",".join(f"[{_lua(str(k))}]={_lua(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "{" + ",".join(_lua(item) for item in value) + "}"
    raise TypeError(f"no Lua literal for {type(value)}")
