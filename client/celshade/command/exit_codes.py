"""Exit codes of the command; `docs/client.md` documents them for scripts."""

from celshade.client.errors import BadAnswer, CelshadeError, Refused, UnusableSettings
from celshade.command.messages import is_server_wide

DONE = 0
SOME_FAILED = 1
WRONG_USAGE = 2
NO_SERVER = 3
INTERRUPTED = 130


def exit_code_of(error: CelshadeError) -> int:
    """Choose the exit code of a run that an error has ended."""
    if isinstance(error, UnusableSettings):
        return WRONG_USAGE
    is_busy = isinstance(error, Refused) and error.passes
    if is_server_wide(error) or is_busy or isinstance(error, BadAnswer):
        return NO_SERVER
    return SOME_FAILED
