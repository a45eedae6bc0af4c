"""Visits, each of one kind: somebody comes, stays for a while, and goes."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from websockets.asyncio.client import connect
from websockets.exceptions import WebSocketException

from benchmarks.load import Webcam as PlainWebcam
from benchmarks.viewers import MjpegViewer, SocketViewer, Viewer
from soak.site import ALIVE, CAMERAS, Site
from soak.tally import Tally
from soak.webcam import ANSWER_SECONDS, Webcam
from tests.hostile import ACTS, Target, joined

FPS = 10.0
WIDTH = 640
PAGES = ("/", "/streams/", "/static/streamer/webcam/page.js", "/nowhere/")


class Visitor:
    """Makes visits to one server. Each is by a place of its own, whose chance is seeded."""

    def __init__(self, site: Site, pictures: Sequence[bytes], tally: Tally) -> None:
        """`pictures` are numbered ones, as many as a webcam sends at the most in a visit."""
        self._site = site
        self._pictures = pictures
        self._tally = tally

    async def webcam(self, seconds: float, chance: random.Random) -> None:
        """Send a webcam; now and then share it, and watch what is shared."""
        async with joined(self._site.without_source(), "ws/webcam/") as socket:
            webcam = Webcam(socket, self._pictures, chance)
            watching = asyncio.create_task(self._watch_shared(webcam))
            await webcam.stay(seconds, FPS)
            watching.cancel()
            await asyncio.wait([watching])
            if chance.random() < 0.5 and webcam.trouble is None:
                with suppress(WebSocketException):
                    await socket.send(b"")
        self._tally.sent += webcam.sent
        self._tally.answered += webcam.answered
        self._tally.aged(webcam.ages)
        if webcam.trouble:
            self._miss(f"a webcam: {webcam.trouble}")

    async def _watch_shared(self, webcam: Webcam) -> None:
        await webcam.shared.wait()
        viewer = SocketViewer(self._site.plan(webcam.stream))
        await viewer.begin()
        try:
            await asyncio.Event().wait()
        finally:
            viewer.end()
            self._tally.pictures += len(viewer.came)

    async def plain_webcam(self, seconds: float, chance: random.Random) -> None:
        """Send a webcam without a subprotocol, as a dozen lines of JavaScript do."""
        count = max(int(seconds * FPS), 1)
        webcam = PlainWebcam(self._pictures[:count], WIDTH)
        async with connect(
            self._site.server.socket, max_size=None, compression=None, open_timeout=ANSWER_SECONDS
        ) as socket:
            reading = asyncio.create_task(webcam.receive(socket))
            await webcam.send(socket, time.perf_counter(), 1 / FPS)
            with suppress(TimeoutError):
                async with asyncio.timeout(ANSWER_SECONDS):
                    while not webcam.answers and not reading.done():
                        await asyncio.wait([reading], timeout=0.05)
            stayed = webcam.is_open
            reading.cancel()
            await asyncio.wait([reading])
            if chance.random() < 0.5:
                socket.transport.abort()
        self._tally.sent += len(webcam.taken)
        self._tally.answered += len(webcam.answers)
        self._tally.aged(age for _, age in webcam.answers)
        if not stayed or not webcam.answers or webcam.unread:
            self._miss(
                f"a plain webcam: {len(webcam.answers)} answers to {len(webcam.taken)} pictures, "
                f"{webcam.unread} of them unreadable, {'open' if stayed else 'closed'}"
            )

    async def mjpeg(self, seconds: float, chance: random.Random) -> None:
        """Watch a camera as `<img>` does."""
        await self._watch(MjpegViewer, chance.choice(CAMERAS), seconds)

    async def viewer(self, seconds: float, chance: random.Random) -> None:
        """Watch a camera over the WebSocket."""
        await self._watch(SocketViewer, chance.choice(CAMERAS), seconds)

    async def _watch(
        self, kind: type[MjpegViewer | SocketViewer], camera: str, seconds: float
    ) -> None:
        viewer: Viewer = kind(self._site.plan(camera))
        await viewer.begin()
        try:
            await asyncio.sleep(seconds)
            if camera in ALIVE:
                with suppress(TimeoutError):
                    async with asyncio.timeout(ANSWER_SECONDS):
                        await viewer.begun.wait()
        finally:
            viewer.end()
        self._tally.pictures += len(viewer.came)
        if not viewer.is_open or (camera in ALIVE and not viewer.came):
            self._miss(f"a viewer of {camera}: {len(viewer.came)} pictures, open: {viewer.is_open}")

    async def reader(self, seconds: float, chance: random.Random) -> None:
        """Read pages and a snapshot, one after the other."""
        snapshot = f"/streams/{chance.choice(ALIVE)}/snapshot.jpg?token={self._site.token}"
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            path = chance.choice([*PAGES, snapshot, f"/api/streams?token={self._site.token}"])
            status = await self._get(path)
            if status not in (b"200", b"302", b"404"):
                self._miss(f"{path.partition('?')[0]}: {status.decode()}")
            await asyncio.sleep(chance.uniform(0.05, 0.5))

    async def _get(self, path: str) -> bytes:
        """Return the status of a page."""
        reader, writer = await asyncio.open_connection(*self._site.without_source().address)
        try:
            writer.write(
                f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
            )
            async with asyncio.timeout(ANSWER_SECONDS):
                reply = await reader.read()
        finally:
            writer.close()
        return reply[9:12]

    async def stranger(self, seconds: float, chance: random.Random) -> None:
        """Do something hostile, over and over."""
        name = chance.choice(list(ACTS))
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while True:
                    self._tally.strange[await attempt(name, self._site.target)] += 1
                    await asyncio.sleep(0.01)

    def _miss(self, what: str) -> None:
        self._tally.missed.append(what)


Visit = Callable[[float, random.Random], Awaitable[None]]


async def attempt(name: str, target: Target) -> str:
    """Do one of the hostile ACTS, and return how it ended, in a word."""
    try:
        end = await ACTS[name](target)
    except (OSError, WebSocketException) as error:  # what it does to itself is not counted here
        return type(error).__name__
    return str(end.code or "cut")
