"""Messages: job states, durations, sizes and errors as text for the user. Pure."""

import math
import re
from http import HTTPStatus

from celshade.client.errors import CelshadeError, JobFailed, Refused, ServerUnreachable
from celshade.client.jobs import Job

# The way of a photo, as the bar counts it; the server's stages stand in the middle.
STEPS = (
    "uploading",
    "waiting",
    "fetching",
    "decoding",
    "rendering",
    "encoding",
    "storing",
    "downloading",
)
_WAITING = {
    "waiting": "waiting",
    "loading_model": "waiting for the model to load",
}

# From here on one decimal is exact enough, and from there on none is needed.
_COARSE_FROM_S = 0.1
_EXACT_BELOW = 10
_SIXTY = 60
_NOT_FOR_US = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


def step_of(job: Job) -> int:
    """Count the steps a job has behind it, 1 to `len(STEPS)` - 1."""
    if job.is_terminal:
        return STEPS.index("downloading")
    return STEPS.index(job.stage) if job.stage in STEPS else STEPS.index("waiting")


def describe_job(job: Job) -> str:
    """Say what is going on with a job, e.g. `place 3 in line, about 5 s`."""
    if job.is_terminal:
        return "downloading" if job.succeeded else job.status
    stage = job.stage or job.status
    if stage not in _WAITING or job.status == "running":
        return printable(stage).replace("_", " ")
    words = _WAITING[stage]
    if stage == "waiting" and job.queue.position is not None:
        place = job.queue.position
        words = "next in line" if place <= 1 else f"place {place} in line"
    if job.queue.eta_s is None:
        return words
    return f"{words}, about {format_duration(math.ceil(job.queue.eta_s))}"


def format_duration(seconds: float) -> str:
    """Write a duration as people say it: `0.04 s`, `4.2 s`, `42 s`, `3 min 5 s`, `2 h 4 min`."""
    whole = round(seconds)
    if seconds == whole and whole < _SIXTY:
        return f"{whole} s"
    if whole < _EXACT_BELOW:
        return f"{seconds:.1f} s" if seconds >= _COARSE_FROM_S else f"{seconds:.2f} s"
    minutes, rest = divmod(whole, _SIXTY)
    if not minutes:
        return f"{whole} s"
    if minutes < _SIXTY:
        return f"{minutes} min {rest} s"
    return f"{minutes // _SIXTY} h {minutes % _SIXTY} min"


def code_of(error: CelshadeError) -> str:
    """Name an error for a script: the server's stable code, else the kind of error it is."""
    if isinstance(error, Refused | JobFailed):
        return printable(error.code)
    return re.sub(r"(?<!^)(?=[A-Z])", "_", type(error).__name__).lower()


def format_size(size_bytes: float) -> str:
    """Write a number of bytes as people say it: `812 kB`, `3.4 MB`, `2.1 GB`."""
    for unit, bytes_each in (("GB", 1e9), ("MB", 1e6)):
        if size_bytes >= bytes_each:
            figure = size_bytes / bytes_each
            return f"{figure:.0f} {unit}" if figure >= _EXACT_BELOW else f"{figure:.1f} {unit}"
    return f"{math.ceil(size_bytes / 1e3)} kB"


def error_text(error: CelshadeError) -> str:
    """Write an error for a terminal, with the code that documentation knows it by."""
    text = printable(str(error))
    if isinstance(error, JobFailed) and error.code != error.status:
        return f"{text} [{printable(error.code)}]"
    if not isinstance(error, Refused):
        return text
    if error.retry_after_s and error.passes:
        text += f" The server asks to wait {format_duration(error.retry_after_s)}."
    return text if error.code.startswith("http_") else f"{text} [{printable(error.code)}]"


def hint(error: CelshadeError, *, has_key: bool) -> str:
    """Say what to do about a fault that concerns the server as a whole; empty for any other."""
    if isinstance(error, ServerUnreachable):
        return "Is the server running? Name another with --url or CELSHADE_URL."
    if isinstance(error, Refused) and error.status == HTTPStatus.UNAUTHORIZED:
        if has_key:
            return "Check the key in CELSHADE_API_KEY or --api-key."
        return "Give the key you were issued in CELSHADE_API_KEY."
    return ""


def is_server_wide(error: CelshadeError) -> bool:
    """Whether an error would meet every other photo too."""
    refused = isinstance(error, Refused) and error.status in _NOT_FOR_US
    return refused or isinstance(error, ServerUnreachable)


def printable(text: str) -> str:
    """Replace what could move a terminal's cursor or cannot be encoded at all."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in text)
