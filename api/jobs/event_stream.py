"""Event streams: what becomes of a job as server-sent events, each a snapshot of the whole job.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 15.0  # proxies give up on a connection that is silent for a minute or less
HEARTBEAT = b":\n\n"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A job as it is shown.

    Attributes:
        etag: Names this state.
        text: The job, in one line of JSON.
    """

    etag: str
    text: str


def events(
    snapshots: Iterable[Snapshot], *, clock: Callable[[], float] = time.monotonic
) -> Iterator[bytes]:
    """Yield an event for each snapshot that differs from the one before, and heartbeats between.

    Args:
        snapshots: What was seen at each look.
        clock: Monotonic seconds.
    """
    last, told_s = "", clock()
    for snapshot in snapshots:
        if snapshot.etag != last:
            last, told_s = snapshot.etag, clock()
            yield f"id: {snapshot.etag}\ndata: {snapshot.text}\n\n".encode()
        elif clock() - told_s >= HEARTBEAT_S:
            told_s = clock()
            yield HEARTBEAT
