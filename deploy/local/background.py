"""A stack beside the work of this process: started, waited for, stopped when the work is done."""

import contextlib
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet

from common.processes.supervisor import StartFailed
from deploy.local.stack import Stack

POLL_EVERY_S = 0.05


@contextlib.contextmanager
def running(stack: Stack, *, on_wait: Callable[[], None], timeout_s: float) -> Iterator[None]:
    """Run a stack in a thread for as long as the block lasts.

    Args:
        stack: The stack; its watcher is called in that thread.
        on_wait: Called now and then until all processes answer.
        timeout_s: Longest wait for that, seconds.

    Raises:
        ConfigurationError: The stack cannot be started as asked.
        StartFailed: A process keeps dying, or not all answered in time.
    """
    stop, ready = threading.Event(), threading.Event()
    with ThreadPoolExecutor(1, thread_name_prefix="stack") as pool:
        run = pool.submit(stack.run, stop, on_ready=ready.set)
        try:
            begun_s = time.monotonic()
            while not ready.is_set():
                with contextlib.suppress(NotYet):
                    run.result(POLL_EVERY_S)  # it ends before it is ready only by an error
                if time.monotonic() - begun_s > timeout_s:
                    raise _took_too_long(stack, timeout_s)
                on_wait()
            yield
        except KeyboardInterrupt:
            stack.hurry()
            raise
        finally:
            stop.set()
        run.result()


def _took_too_long(stack: Stack, timeout_s: float) -> StartFailed:
    """Return the error that names the process that did not answer."""
    name = next(iter(stack.awaited()), "api")
    return StartFailed(f"{name} did not answer within {timeout_s:g} s.", name)
