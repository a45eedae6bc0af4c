"""Those who are there while something goes wrong, and how well they are served meanwhile."""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from streamer.codec import encode
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import RunningServer
from tests.watching import OWNER, watcher

CAMERAS = {"demo": {"source": "pattern:", "fps": 10, "detectors": []}}
ENVIRON = {"STREAMER_CAMERAS": json.dumps(CAMERAS), "STREAMER_HANDSHAKES_PER_MINUTE": "1000"}
"""A server whose one camera gives ten pictures a second, as the webcam does."""

KINDS = ("webcam", "viewer", "mjpeg")
FPS = 10
SECONDS = 20

PLAUSIBLE_GAP = 1.5
"""Seconds between two pictures on a machine that is busy with other tests. What waits for a
database waits longer."""


class Audience:
    """A webcam, a viewer over WebSocket and one of MJPEG: counts what each of them gets."""

    def __init__(self) -> None:
        self.pictures: Counter[str] = Counter()
        self.longest: dict[str, float] = dict.fromkeys(KINDS, 0.0)
        """The longest time in seconds that each has waited for a picture."""
        self._last: dict[str, float] = {}

    def note(self, kind: str) -> None:
        """Note that one of them has got a picture."""
        now = time.monotonic()
        self.longest[kind] = max(self.longest[kind], now - self._last.get(kind, now))
        self._last[kind] = now
        self.pictures[kind] += 1

    def begin(self) -> None:
        """Count anew."""
        self.pictures.clear()
        self.longest = dict.fromkeys(KINDS, 0.0)

    def check(self, seconds: float) -> None:
        """Assert that all were served well for the last `seconds`."""
        now = time.monotonic()
        for kind in KINDS:
            gap = max(self.longest[kind], now - self._last[kind])
            assert gap < PLAUSIBLE_GAP, f"{kind} waited for {gap:.1f} s"
            due = (seconds - PLAUSIBLE_GAP) * FPS / 2
            assert self.pictures[kind] > due, f"{kind}: {self.pictures} in {seconds:.1f} s"


@asynccontextmanager
async def audience(server: RunningServer) -> AsyncIterator[Audience]:
    """Have all three come, and stay until the block ends; whoever is cut off fails it."""
    there = Audience()
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(each(server, there)) for each in (webcam, viewer, mjpeg)]
        async with asyncio.timeout(SECONDS):
            while any(there.pictures[kind] < 3 for kind in KINDS):
                await asyncio.sleep(0.02)
        there.begin()
        yield there
        for task in tasks:
            task.cancel()


async def webcam(server: RunningServer, there: Audience) -> None:
    """Send pictures, one after the answer to the one before."""
    jpeg = encode(next(footage.pan(1)).bgr, 70)
    url = f"{server.socket}ws/webcam/?detectors=motion"
    async with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)]) as socket:
        await socket.recv()
        for seq in range(1, 100_000):
            await socket.send(seq.to_bytes(4, "little") + jpeg)
            while json.loads(await socket.recv())["type"] != "result":
                pass
            there.note("webcam")
            await asyncio.sleep(1 / FPS)


async def viewer(server: RunningServer, there: Audience) -> None:
    async with watcher(server) as watching:
        await watching.say("watch", stream="demo", width=320)
        while True:
            message = await watching.next()
            if message["type"] == "frame":
                await watching.ack(message)
                there.note("viewer")


async def mjpeg(server: RunningServer, there: Audience) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port, limit=1 << 20)
    try:
        head = f"GET /streams/demo/mjpeg?{OWNER} HTTP/1.1\r\nHost: localhost\r\n\r\n"
        writer.write(head.encode())
        while True:
            await reader.readuntil(b"--frame\r\n")
            there.note("mjpeg")
    finally:
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
