"""Load: the same requests over several connections at once, each with a thread of its own.

What it costs to send them is the same for all targets, and counts against none of them alone.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass

from benchmarks.service import NeverHappened

BOUNDARY = "celshade-benchmark"
FORM = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
WARM_UP = 10  # of each connection, not counted
TIMEOUT_S = 30


@dataclass(frozen=True)
class Target:
    """What is asked, and what the answer must be.

    Attributes:
        words: What a reader is told of it.
        address: Host and port.
        method: HTTP method.
        path: Of the request.
        bodies: Makes the bodies of one connection.
        is_right: Looks at the answer's JSON.
    """

    words: str
    address: str
    method: str
    path: str
    bodies: Callable[[int], Iterable[bytes]]
    is_right: Callable[[Mapping[str, object]], bool]


@dataclass(frozen=True)
class Found:
    """What a target did: requests a second, and milliseconds of each request."""

    rate: float
    times_ms: tuple[float, ...]


def measure(target: Target, *, connections: int, requests: int) -> Found:
    """Send requests over each connection; the first ones are not counted.

    Raises:
        NeverHappened: An answer is not what it must be.
    """
    times_ms: list[float] = []
    faults: list[str] = []
    begin = threading.Barrier(connections + 1)

    def send(number: int) -> None:
        own: list[float] = []
        with closing(http.client.HTTPConnection(target.address, timeout=TIMEOUT_S)) as connection:
            bodies = iter(target.bodies(number))
            try:
                for _ in range(WARM_UP):
                    _ask(connection, target, next(bodies))
                begin.wait(TIMEOUT_S)
                own += [_ask(connection, target, next(bodies)) for _ in range(requests)]
            except (OSError, NeverHappened, http.client.HTTPException) as error:
                faults.append(f"{target.words}: {error}")
                begin.abort()
        times_ms.extend(own)

    threads = [threading.Thread(target=send, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    try:
        begin.wait(TIMEOUT_S)
    except threading.BrokenBarrierError:
        faults.append(f"{target.words}: it did not begin")
    begun_s = time.perf_counter()
    for thread in threads:
        thread.join()
    took_s = time.perf_counter() - begun_s
    if faults:
        raise NeverHappened(faults[0])
    return Found(len(times_ms) / took_s, tuple(times_ms))


def form(photo: bytes) -> bytes:
    """Return a form that holds one photo."""
    head = (
        f"--{BOUNDARY}\r\n"
        'Content-Disposition: form-data; name="image"; filename="photo.jpg"\r\n'
        "Content-Type: image/jpeg\r\n\r\n"
    )
    return head.encode() + photo + f"\r\n--{BOUNDARY}--\r\n".encode()


def _ask(connection: http.client.HTTPConnection, target: Target, body: bytes) -> float:
    """Send one request; return milliseconds from the first byte out to the last in."""
    begun_s = time.perf_counter()
    connection.request(target.method, target.path, body or None, FORM if body else {})
    answer = connection.getresponse()
    content = answer.read()
    took_ms = (time.perf_counter() - begun_s) * 1000
    if not target.is_right(json.loads(content)):
        raise NeverHappened(f"{answer.status} {content[:300]!r}")
    return took_ms
