"""A link between browser and server whose speed can be set."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from urllib.parse import urlparse

CHUNK = 1024
UNLIMITED = 1e9


class SlowLink:
    """Carries every connection to a server, `rate` bytes a second each way."""

    def __init__(self, server_url: str) -> None:
        self.rate = UNLIMITED
        self.url = ""
        self._server = urlparse(server_url)
        self._connections: set[asyncio.Task[None]] = set()

    async def connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._join(reader, writer))
        self._connections.add(task)
        task.add_done_callback(self._connections.discard)

    async def cut(self) -> None:
        """End every connection."""
        for task in list(self._connections):
            task.cancel()
        await asyncio.gather(*self._connections, return_exceptions=True)

    async def _join(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(self._server.hostname, self._server.port)
        ways = [self._carry(reader, back), self._carry(there, writer)]
        tasks = [asyncio.create_task(way) for way in ways]
        try:
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            writer.close()
            back.close()

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while data := await reader.read(CHUNK if self.rate < UNLIMITED else 65536):
                if self.rate < UNLIMITED:
                    await asyncio.sleep(len(data) / self.rate)
                writer.write(data)
                await writer.drain()


@asynccontextmanager
async def slow_link(server_url: str) -> AsyncIterator[SlowLink]:
    """Open a link to the server; it is fast at first."""
    link = SlowLink(server_url)
    host = urlparse(server_url).hostname
    listener = await asyncio.start_server(link.connected, host, 0)
    port = listener.sockets[0].getsockname()[1]
    link.url = f"http://{host}:{port}/"
    try:
        yield link
    finally:
        listener.close()
        await link.cut()
