"""`up`: the stack in the foreground, until Ctrl-C, SIGTERM or the end of the terminal."""

import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

from rich.console import Console

from common.processes.supervisor import StartFailed
from common.settings import Settings
from deploy.local.data_directory import tail
from deploy.local.options import StackOptions
from deploy.local.stack import Stack
from deploy.local.terminal import Terminal, shown_path

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def up(options: StackOptions, settings: Settings, console: Console) -> int:
    """Run the service until somebody ends it.

    Returns:
        Exit code: 0 when it was asked to stop, 1 when it could not be brought to run.

    Raises:
        ConfigurationError: It cannot be started as asked.
    """
    logs = options.data / "logs"
    terminal = Terminal(console, logs)
    stack = Stack(options, settings, terminal)
    stop = threading.Event()

    def end(number: int) -> None:
        # Only a person's second Ctrl-C: make repeats the other signals to its child.
        if stop.is_set() and number == signal.SIGINT:
            stack.hurry()
        stop.set()

    terminal.say(f"Celshade on {shown_path(options.data)}, logs in {shown_path(logs)}")
    try:
        with _endings(end), terminal.open():
            stack.run(stop, on_ready=lambda: terminal.say(welcome(stack.url)))
    except StartFailed as failure:
        log = logs / f"{failure.name}.log"
        terminal.say(f"\n{tail(log)}\n")
        terminal.say(f"{failure} Its last words are above; all of them: {shown_path(log)}")
        return 1
    terminal.say("All processes have stopped.")
    return 0


def welcome(url: str) -> str:
    """Return what a person needs first, once everything answers."""
    return (
        f"\nReady: {url}\n"
        f"  in a browser: {url}/ (photos), {url}/ops (how the service fares)\n"
        f"  curl -H 'Prefer: wait=60' -F image=@photo.jpg {url}/v1/jobs\n"
        f"  .venv/bin/celshade render photo.jpg -o out/ --url {url}\n"
        "Ctrl-C stops everything; a second one does not wait.\n"
    )


@contextlib.contextmanager
def _endings(end: Callable[[int], None]) -> Iterator[None]:
    """Call a function for each signal that asks this process to end."""

    def handle(number: int, _frame: FrameType | None) -> None:
        end(number)

    before = {number: signal.signal(number, handle) for number in ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
