"""A real server in a process of its own, and clients that hold a connection each."""

import asyncio
import os
import subprocess
import sys
import time
from collections import deque
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

import psutil  # type: ignore[import-untyped]  # its stubs are not installed
from django.db import connection

from tests.functional.api.event_streams import Event, EventParser
from tests.servers import ROOT, free_port

_READY_SECONDS = 30.0
_PATIENCE_SECONDS = 30.0


@dataclass
class Server:
    """A running server."""

    port: int
    process: "subprocess.Popen[bytes]"

    @property
    def usage(self) -> psutil.Process:
        return psutil.Process(self.process.pid)

    def stop(self) -> float:
        """Tell it to stop, wait until it has; return how many seconds that took."""
        began = time.monotonic()
        self.process.terminate()
        self.process.wait(timeout=_PATIENCE_SECONDS)
        return time.monotonic() - began


def database_url() -> str:
    """Return the address of this test's database, for other processes."""
    name = str(connection.settings_dict["NAME"])
    if connection.vendor != "postgresql":
        return f"sqlite:///{name}"
    return urlunsplit(urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{name}"))


@contextmanager
def serving(**settings: str) -> Iterator[Server]:
    """Run uvicorn on a database until the block ends."""
    environment = os.environ | {
        "DATABASE_URL": database_url(),
        "DJANGO_SETTINGS_MODULE": "kargo_platform.settings.main",
        **settings,
    }
    port = free_port()
    command = ["-m", "uvicorn", "kargo_platform.asgi:application", f"--port={port}"]
    process = subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, *command, "--log-level=warning"], cwd=ROOT, env=environment
    )
    try:
        asyncio.run(_until_ready(port))
        yield Server(port, process)
    finally:
        process.kill()
        process.wait()


@dataclass
class Stream:
    """One watch over a connection of its own."""

    status: int
    headers: dict[str, str]
    body: bytes
    _reader: asyncio.StreamReader
    _parser: EventParser = field(default_factory=EventParser)
    _events: deque[Event] = field(default_factory=deque)
    is_over: bool = False

    async def take(self, count: int) -> list[Event]:
        """Return the next events; fewer if the stream ends."""
        async with asyncio.timeout(_PATIENCE_SECONDS):
            while len(self._events) < count and not self.is_over:
                self._events.extend(await self._more())
        return [self._events.popleft() for _ in range(min(count, len(self._events)))]

    async def rest(self) -> list[Event]:
        """Return everything until the stream has ended as it should."""
        found: list[Event] = []
        while not self.is_over:
            found += await self.take(1)
        return found

    async def _more(self) -> list[Event]:
        size = int(await self._reader.readline(), 16)
        chunk = await self._reader.readexactly(size)
        assert await self._reader.readexactly(2) == b"\r\n"
        if not size:
            self._parser.close()
            self.is_over = True
        return self._parser.feed(chunk)


@asynccontextmanager
async def watching(
    server: Server, path: str, token: str, *, buffer_bytes: int = 1 << 21
) -> AsyncIterator[Stream]:
    """Watch with the headers of Kargo's command line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=buffer_bytes)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\nAuthorization: Bearer {token}\r\n"
        "Accept: text/event-stream\r\nCache-Control: no-cache\r\n\r\n".encode()
    )
    try:
        async with asyncio.timeout(_PATIENCE_SECONDS):
            status, headers = await _head(reader)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
        yield Stream(status, headers, body, reader)
    finally:
        writer.close()


async def _head(reader: asyncio.StreamReader) -> tuple[int, dict[str, str]]:
    first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode().strip().split("\r\n")
    pairs = (line.partition(": ") for line in lines)
    return int(first.split(" ")[1]), {name.lower(): value for name, _, value in pairs}


async def _until_ready(port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except OSError:
            await asyncio.sleep(0.1)
        else:
            writer.close()
            return
    raise AssertionError(f"the server did not answer within {_READY_SECONDS} s")
