"""`demo`: one photo's whole way through the real service, shown to a person.

A fresh data directory, the whole stack, and then nothing but the client that anybody would use. It
must never show a figure that it has not measured or been told by the API.
"""

import contextlib
import shutil
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console
from rich.text import Text

import celshade
from common.errors import CelshadeError, ConfigurationError
from common.processes.supervisor import StartFailed
from common.settings import Settings
from deploy.local import background
from deploy.local.comparison import write_comparison
from deploy.local.data_directory import Layout, tail
from deploy.local.demo_screen import DemoScreen
from deploy.local.options import DemoOptions, StackOptions
from deploy.local.stack import Stack
from deploy.local.terminal import shown_path
from deploy.local.timings import chart

START_TIMEOUT_S = 180.0  # a slow disk that reads torch for the first time
JOB_TIMEOUT_S = 300.0
LOOK_EVERY_S = 0.05
STRENGTH = 0.7
OTHER_STRENGTH = 0.35
INTERRUPTED = 128 + signal.SIGINT  # the shell's code for Ctrl-C


class DemoFailed(Exception):
    """Raised when the service did not do what the demonstration shows.

    Attributes:
        at_fault: Name of the process whose log says more.
    """

    def __init__(self, message: str, at_fault: str) -> None:
        super().__init__(message)
        self.at_fault = at_fault


def demo(options: DemoOptions, settings: Settings, console: Console) -> int:
    """Show the whole way of a photo; return the exit code.

    Raises:
        ConfigurationError: There is no photo, a keys file is set, or the stack cannot be started
            as asked.
    """
    if not options.photo.is_file():
        raise ConfigurationError(f"There is no photo {options.photo}; name one with --photo.")
    if settings.keys_file:
        raise ConfigurationError(
            "CELSHADE_KEYS_FILE is set, and the demo has no key of it: run it without, "
            "env -u CELSHADE_KEYS_FILE make demo."
        )
    options.out.mkdir(parents=True, exist_ok=True)
    data = Path(tempfile.mkdtemp(prefix=time.strftime("demo-%H%M%S-"), dir=options.out)).resolve()
    layout = Layout(data)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # as Ctrl-C
    try:
        with _running_stack(options, settings, console, data) as url:
            _show_photo(options, console, url)
    except StartFailed as failure:
        return _explain(console, str(failure), layout.log(failure.name))
    except DemoFailed as failure:
        return _explain(console, str(failure), layout.log(failure.at_fault))
    except (celshade.CelshadeError, CelshadeError) as failure:
        return _explain(console, str(failure), layout.log("api"))
    except KeyboardInterrupt:
        shutil.rmtree(data)
        _say(console, "Stopped.")
        return INTERRUPTED
    shutil.rmtree(data)
    _say(console, "All stopped.")
    return 0


@contextlib.contextmanager
def _running_stack(
    options: DemoOptions, settings: Settings, console: Console, data: Path
) -> Iterator[str]:
    """Run the service on a fresh directory and any free port; give its address."""
    screen = DemoScreen(console)
    stack_options = StackOptions(data=data, port=0, workers=1, store=options.store)
    stack = Stack(stack_options, settings, screen)
    begun_s = time.monotonic()
    with contextlib.ExitStack() as until_done:
        with screen.starting() as refresh:
            until_done.enter_context(
                background.running(stack, on_wait=refresh, timeout_s=START_TIMEOUT_S)
            )
        names = ", ".join(screen.names)
        _say(console, f"Started {names} in {time.monotonic() - begun_s:.1f} s: {stack.url}")
        yield stack.url
        _say(console, "Stopping everything that was started.")


def _show_photo(options: DemoOptions, console: Console, url: str) -> None:
    """Send the photo three times and show what comes of it."""
    cartoon = options.out / f"{options.photo.stem}-cartoon.jpg"
    soft = options.out / f"{options.photo.stem}-cartoon-soft.jpg"
    pair = options.out / "before-after.jpg"
    with celshade.Client(url) as client:
        first, took_s = _follow(client, options.photo, STRENGTH, console)
        client.download(first, cartoon)
        write_comparison(options.photo, cartoon, pair)
        _say(console, f"A cartoon in {took_s:.2f} s ({first.cache.status}). Where its time went:")
        console.print(chart(first.stages_ms))
        _show_hit(client, options.photo, console)
        second, took_s = _follow(client, options.photo, OTHER_STRENGTH, console)
        client.download(second, soft)
        _say(
            console,
            f"With strength {OTHER_STRENGTH} instead of {STRENGTH}: {took_s:.2f} s "
            f"({second.cache.status}).",
        )
    for name, path in (("before and after", pair), ("cartoon", cartoon), ("softer", soft)):
        _say(console, f"  {name:<17} {shown_path(path.resolve())}")
    _say(console, "In a browser, and with many photos at once: make up, then open its address.")


def _follow(
    client: celshade.Client, photo: Path, strength: float, console: Console
) -> tuple[celshade.Job, float]:
    """Send a photo, show its progress until the picture is there; tell how long it took."""
    with DemoScreen(console).progress(photo.name) as show:
        begun_s = time.monotonic()
        job = client.submit(photo, strength=strength)
        show(job)
        while not job.is_terminal:
            if time.monotonic() - begun_s > JOB_TIMEOUT_S:
                raise DemoFailed(f"No picture came within {JOB_TIMEOUT_S:g} s.", "worker-1")
            time.sleep(LOOK_EVERY_S)
            job = client.get(job.id)
            show(job)
    failure = job.failed()
    if failure is not None:
        raise DemoFailed(f"The picture failed ({failure.code}): {failure}", "worker-1")
    return job, time.monotonic() - begun_s


def _show_hit(client: celshade.Client, photo: Path, console: Console) -> None:
    """Send the same photo again, and show that the answer was there already."""
    begun_s = time.monotonic()
    again = client.submit(photo, strength=STRENGTH)
    took_ms = (time.monotonic() - begun_s) * 1000
    if again.cache.status != "hit" or not again.succeeded:
        raise DemoFailed(
            f"The same photo again was no hit ({again.cache.status}, {again.status}).", "api"
        )
    _say(console, f"The same photo again: a hit in {took_ms:.1f} ms, no worker involved.")


def _explain(console: Console, why: str, log: Path) -> int:
    """Say why the demonstration failed and what the process at fault said last."""
    _say(console, f"\nThe end of {shown_path(log)}:\n{tail(log) or '(nothing)'}\n")
    _say(console, f"The demo failed: {why}")
    return 1


def _say(console: Console, text: str) -> None:
    """Print a sentence as it is."""
    console.print(Text(text), soft_wrap=True)
