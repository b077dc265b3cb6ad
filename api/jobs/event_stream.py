"""Event streams: the states of a job as server-sent events, each with the whole job.

Source: https://html.spec.whatwg.org/multipage/server-sent-events.html
"""

import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

MEDIA_TYPE = "text/event-stream"
HEARTBEAT_S = 15.0  # proxies close a connection that is silent for a minute or less
HEARTBEAT = b":\n\n"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A state of a job.

    Attributes:
        etag: Identifies the state.
        text: The job, as one line of JSON.
    """

    etag: str
    text: str


def events(
    snapshots: Iterable[Snapshot], *, clock: Callable[[], float] = time.monotonic
) -> Iterator[bytes]:
    """Yield an event for each snapshot that differs from the one before, and heartbeats between.

    Args:
        snapshots: The states, one per poll.
        clock: Monotonic seconds.
    """
    last_etag, sent_s = "", clock()
    for snapshot in snapshots:
        if snapshot.etag != last_etag:
            last_etag, sent_s = snapshot.etag, clock()
            yield f"id: {snapshot.etag}\ndata: {snapshot.text}\n\n".encode()
        elif clock() - sent_s >= HEARTBEAT_S:
            sent_s = clock()
            yield HEARTBEAT
