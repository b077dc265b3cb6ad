"""A TCP proxy that does to connections what a test asks for: cut, silence, slowness, HTTP errors.

It knows nothing of who speaks through it, beyond the first line of an HTTP request. What it holds
back while it is silent it hands on later, as a network does.
"""

import asyncio
import contextlib
import random
import re
import threading
from asyncio import StreamReader, StreamWriter
from dataclasses import dataclass
from enum import StrEnum

CHUNK_BYTES = 64 * 1024
SLOW_CHUNK_BYTES = 512
LISTEN = "127.0.0.1"
_REQUEST = re.compile(rb"[A-Z]{3,7} \S+ HTTP/1\.[01]\r\n")


class Trouble(StrEnum):
    """What is done to a connection."""

    NONE = "none"
    CUT = "cut"
    SILENT = "silent"
    SLOW = "slow"
    REFUSING = "refusing"


@dataclass(frozen=True)
class Fault:
    """A trouble and its measure.

    Attributes:
        trouble: What is done.
        status: The HTTP status of `REFUSING`.
        share: Share of the requests that `REFUSING` meets, 0 to 1.
        bytes_per_s: Pace of `SLOW`, in each direction of each connection.
        only: `CUT` and `SILENT` meet only what a client says with these bytes in it; all if empty.
    """

    trouble: Trouble = Trouble.NONE
    status: int = 500
    share: float = 1.0
    bytes_per_s: int = 10_000
    only: bytes = b""

    @property
    def is_cut(self) -> bool:
        """Whether connections are ended as such, whatever is said on them."""
        return self.trouble is Trouble.CUT and not self.only


class FaultProxy:
    """Listens on a port of its own on loopback while its `with` block lasts.

    Args:
        host: Where it leads to.
        port: Where it leads to.
        seed: Decides which requests a share below 1 meets.
    """

    def __init__(self, host: str, port: int, *, seed: int = 0) -> None:
        self._target = (host, port)
        self._random = random.Random(seed)  # noqa: S311 - draws faults, no secrets
        self._fault = Fault()
        self._writers: set[StreamWriter] = set()
        self._changed: asyncio.Event
        self._started = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._serve()), daemon=True)
        self.port = 0

    def __enter__(self) -> "FaultProxy":
        self._thread.start()
        self._started.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._ending.set)
        self._thread.join()

    def set(self, fault: Fault) -> None:
        """Do this from now on, to open connections as to new ones; returns once it is done."""
        asyncio.run_coroutine_threadsafe(self._set(fault), self._loop).result()

    async def _set(self, fault: Fault) -> None:
        self._fault = fault
        if fault.is_cut:
            for writer in self._writers:
                writer.transport.abort()
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    async def _serve(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._ending, self._changed = asyncio.Event(), asyncio.Event()
        server = await asyncio.start_server(self._join, LISTEN, 0)
        self.port = server.sockets[0].getsockname()[1]
        self._started.set()
        await self._ending.wait()
        server.close()
        for writer in self._writers:
            writer.transport.abort()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    async def _join(self, client: StreamReader, to_client: StreamWriter) -> None:
        """Join a client to the server until either has gone."""
        async with contextlib.AsyncExitStack() as ends:
            ends.push_async_callback(self._close, to_client)
            self._writers.add(to_client)
            if self._fault.is_cut:
                to_client.transport.abort()
                return
            try:
                server, to_server = await asyncio.open_connection(*self._target)
            except OSError:
                return
            ends.push_async_callback(self._close, to_server)
            self._writers.add(to_server)
            pumps = [
                asyncio.ensure_future(self._pump(client, to_server, answer_to=to_client)),
                asyncio.ensure_future(self._pump(server, to_client)),
            ]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)

    async def _close(self, writer: StreamWriter) -> None:
        self._writers.discard(writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _pump(
        self, source: StreamReader, sink: StreamWriter, *, answer_to: StreamWriter | None = None
    ) -> None:
        """Hand on what comes, the way the fault of the moment says."""
        while data := await source.read(CHUNK_BYTES):
            while self._meets(data, Trouble.SILENT, is_asked=answer_to is not None):
                await self._changed.wait()
            if self._meets(data, Trouble.CUT, is_asked=answer_to is not None):
                return
            if answer_to is not None and self._is_refused(data):
                await self._refuse(source, answer_to)
                return
            await self._hand_on(data, sink)

    def _meets(self, data: bytes, trouble: Trouble, *, is_asked: bool) -> bool:
        """Say whether a trouble befalls what a client asks, or what it is answered."""
        fault = self._fault
        if fault.trouble is not trouble:
            return False
        return not fault.only or (is_asked and fault.only in data)

    async def _hand_on(self, data: bytes, sink: StreamWriter) -> None:
        """Write at once, or piece by piece for as long as the connection is to be slow."""
        while data:
            pace = self._fault if self._fault.trouble is Trouble.SLOW else None
            piece = data[:SLOW_CHUNK_BYTES] if pace else data
            data = data[len(piece) :]
            if pace:
                await asyncio.sleep(len(piece) / pace.bytes_per_s)
            sink.write(piece)
            await sink.drain()

    def _is_refused(self, data: bytes) -> bool:
        begins = _REQUEST.match(data) is not None and self._fault.trouble is Trouble.REFUSING
        return begins and self._random.random() < self._fault.share

    async def _refuse(self, source: StreamReader, to_client: StreamWriter) -> None:
        """Answer in the server's place, and let the client finish what it was sending."""
        head = f"HTTP/1.1 {self._fault.status} Refused\r\nContent-Length: 0\r\n"
        to_client.write(f"{head}Connection: close\r\n\r\n".encode())
        await to_client.drain()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(2):
                while await source.read(CHUNK_BYTES):
                    pass
