"""Clients that do not read, and clients that send too much, on a real server."""

import asyncio
import json
import sys
from pathlib import Path

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streamer.codec import encode
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import RunningServer, serve

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")

MIB = 1 << 20
ALLOWED = 24 * MIB
"""What a process may grow by for reasons of its own; what is sent here is several times that."""


def memory(server: RunningServer) -> int:
    """Return the resident memory of the server in bytes."""
    pages = Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]
    return int(pages) * 4096


async def served(server: RunningServer) -> None:
    """Have a picture worked on, so that all is loaded and the server is known to be well."""
    async with connect(server.socket, max_size=None) as socket:
        await socket.send(footage.jpeg())
        assert await asyncio.wait_for(socket.recv(), 20)


async def send_deaf(
    socket: ClientConnection, message: str | bytes, count: int, pause: float = 0
) -> None:
    """Send without ever reading; a server that takes no more, or closes, is what we want."""
    try:
        async with asyncio.timeout(10):
            for _ in range(count):
                await socket.send(message)
                await asyncio.sleep(pause)
    except (TimeoutError, ConnectionClosed):
        pass


async def test_a_plain_client_that_never_reads_costs_no_memory(tmp_path: Path) -> None:
    large = encode(footage.shot(size=(1280, 960), zoom=2.5).bgr, 95)
    with serve(tmp_path, STREAMER_MAX_FPS="1000") as server:
        await served(server)
        before = memory(server)
        url = server.socket + "?detectors=&quality=100"
        async with connect(url, max_size=None, max_queue=1, close_timeout=1) as socket:
            await send_deaf(socket, large, 1500, pause=0.002)
            assert memory(server) - before < ALLOWED
        await served(server)


async def test_a_flood_of_settings_that_are_never_read_costs_no_memory(tmp_path: Path) -> None:
    flood = json.dumps({"type": "settings", "detectors": ["x" * 3900]})
    protocols = [Subprotocol(SUBPROTOCOL)]
    with serve(tmp_path) as server:
        await served(server)
        before = memory(server)
        url = server.socket
        async with connect(url, subprotocols=protocols, max_queue=1, close_timeout=1) as socket:
            await send_deaf(socket, flood, 60_000)
            assert memory(server) - before < ALLOWED
        await served(server)
