"""Viewers who take what comes: of the endless reply that `<img>` shows, and of the WebSocket.

They run in a process of their own. What they do with a picture is little, since they share the
machine with the server: it is told from others by a checksum, and not decoded.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple
from urllib.parse import urlsplit
from zlib import crc32

import msgspec
import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException
from websockets.typing import Subprotocol

from benchmarks.figures import Spent, percentile_ms
from benchmarks.lengths import CHUNK, PART, Lengths
from streamer.wire import SUBPROTOCOL, Ack, FrameMessage, Watch, encode

WARM_UP_SECONDS = 2.0
"""From everybody's first picture until pictures count: motion builds its background meanwhile."""
BEGIN_SECONDS = 60
"""How long all may take to get their first picture."""

_head = msgspec.json.Decoder(FrameMessage)


@dataclass(frozen=True, slots=True)
class Plan:
    """How many viewers of either kind, of which camera, for how many seconds.

    `url` is the server's, with a slash at the end, and `token` its owner's; `pid` is the process
    whose CPU and memory count.
    """

    url: str
    token: str
    camera: str
    pid: int
    mjpeg: int
    sockets: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Watched:
    """What the viewers got, once warmed up: pictures a second, of all of them; distinct ones of the
    least served and of the one in the middle; None where there are no viewers.

    `repeated` counts the pictures that came again to the same viewer, from the first one on.
    The ages, in milliseconds, are those that the server tells over the WebSocket: from the frame's
    coming from the camera until its picture is sent. `cores` and `load_cores` are the CPU seconds
    a second of the server and of the viewers themselves, `rss_mb` the server's memory in 10^6
    bytes, `kb` the size of a picture in 10^3 bytes. `open_viewers` were still served at the end.
    """

    per_second: float
    least: float | None
    median: float | None
    repeated: int
    age_p50_ms: float | None
    age_p95_ms: float | None
    cores: float
    rss_mb: float
    kb: float | None
    open_viewers: int
    load_cores: float


class Came(NamedTuple):
    """A picture: when it came, by `time.perf_counter`, its checksum, its size in bytes, and its age
    in seconds where that is told."""

    time: float
    digest: int
    size: int
    age: float | None


class Viewer:
    """One who watches, and what came."""

    def __init__(self) -> None:
        self.came: list[Came] = []
        self.is_open = True
        self.begun = asyncio.Event()
        """Set with the first picture, or when none will come."""

    def note(self, jpeg: memoryview, age: float | None = None) -> None:
        self.came.append(Came(time.perf_counter(), crc32(jpeg), len(jpeg), age))
        self.begun.set()

    def over(self) -> None:
        """Note that nothing more comes."""
        self.is_open = False
        self.begun.set()

    @property
    def repeated(self) -> int:
        return len(self.came) - len({each.digest for each in self.came})

    async def begin(self) -> None:
        """Ask for pictures; OSError or WebSocketException where the server does not listen."""
        raise NotImplementedError

    def end(self) -> None:
        """Hang up."""
        raise NotImplementedError


class MjpegViewer(Viewer, asyncio.Protocol):
    """Reads the endless reply."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._host = urlsplit(plan.url).netloc
        self._path = f"/streams/{plan.camera}/mjpeg?token={plan.token}"
        self._chunks, self._parts = Lengths(CHUNK, base=16), Lengths(PART, base=10)
        self._is_let_in = False

    async def begin(self) -> None:
        host, _, port = self._host.rpartition(":")
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_connection(lambda: self, host, int(port))
        request = f"GET {self._path} HTTP/1.1\r\nHost: {self._host}\r\n\r\n"
        self._transport.write(request.encode())

    def data_received(self, data: bytes) -> None:
        if not self._is_let_in and not data.startswith(b"HTTP/1.1 200 "):
            self._transport.abort()
            return
        self._is_let_in = True
        for chunk in self._chunks.feed(data):
            for jpeg in self._parts.feed(chunk):
                self.note(jpeg)

    def connection_lost(self, exc: Exception | None) -> None:
        self.over()

    def end(self) -> None:
        self._transport.abort()


class SocketViewer(Viewer):
    """Acknowledges each picture that comes over the WebSocket."""

    def __init__(self, plan: Plan) -> None:
        super().__init__()
        self._url = f"{plan.url.replace('http', 'ws', 1)}ws/watch/?token={plan.token}"
        self._camera = plan.camera

    async def begin(self) -> None:
        # Compressing JPEG again would only be work for both sides.
        self._socket = await connect(
            self._url, subprotocols=[Subprotocol(SUBPROTOCOL)], compression=None, max_size=None
        )
        await self._socket.send(encode(Watch(self._camera)).decode())
        self._reading = asyncio.create_task(self._read(self._socket))

    async def _read(self, socket: ClientConnection) -> None:
        try:
            async for message in socket:
                if isinstance(message, bytes):
                    await socket.send(encode(Ack(self._camera, self._take(message))).decode())
        except (OSError, WebSocketException):
            pass
        finally:
            self.over()

    def _take(self, message: bytes) -> int:
        """Note a picture and return its number."""
        start = 4 + int.from_bytes(message[:4], "little")
        head = _head.decode(message[4:start])
        self.note(memoryview(message)[start:], head.age_ms / 1e3)
        return head.seq

    def end(self) -> None:
        self._reading.cancel()
        self._socket.transport.abort()


def run(plan: Plan) -> Watched:
    """Watch as planned."""
    return asyncio.run(watch(plan))


async def watch(plan: Plan) -> Watched:
    """Have all viewers come, watch, and go."""
    viewers: list[Viewer] = []
    kinds: list[Callable[[Plan], Viewer]] = [MjpegViewer] * plan.mjpeg
    kinds += [SocketViewer] * plan.sockets
    try:
        for kind in kinds:
            viewer = kind(plan)
            await viewer.begin()
            viewers.append(viewer)
        await _all_begun(viewers)
        server = psutil.Process(plan.pid)
        await asyncio.sleep(WARM_UP_SECONDS)
        start = Spent.until_now(server)
        await asyncio.sleep(plan.seconds)
        return _watched(viewers, start, Spent.until_now(server))
    finally:
        for viewer in viewers:
            viewer.end()


async def _all_begun(viewers: Sequence[Viewer]) -> None:
    """Wait until each has a picture, or will get none; RuntimeError where one waits too long."""
    try:
        async with asyncio.timeout(BEGIN_SECONDS):
            for viewer in viewers:
                await viewer.begun.wait()
    except TimeoutError:
        waiting = sum(not viewer.begun.is_set() for viewer in viewers)
        raise RuntimeError(
            f"Expected each viewer's first picture within {BEGIN_SECONDS} s, came none for "
            f"{waiting} of {len(viewers)}. /streams/ shows whether the camera is live."
        ) from None


def _watched(viewers: Sequence[Viewer], start: Spent, end: Spent) -> Watched:
    """Return what came between two moments."""
    seconds = end.time - start.time
    each = [[got for got in one.came if start.time <= got.time <= end.time] for one in viewers]
    all_came = [got for of_one in each for got in of_one]
    distinct = [len({got.digest for got in of_one}) / seconds for of_one in each]
    ages = [got.age for got in all_came if got.age is not None]
    return Watched(
        per_second=len(all_came) / seconds,
        least=min(distinct, default=None),
        median=median(distinct) if distinct else None,
        repeated=sum(one.repeated for one in viewers),
        age_p50_ms=percentile_ms(ages, 50),
        age_p95_ms=percentile_ms(ages, 95),
        cores=(end.server - start.server) / seconds,
        rss_mb=end.rss_mb,
        kb=sum(got.size for got in all_came) / len(all_came) / 1e3 if all_came else None,
        open_viewers=sum(one.is_open for one in viewers),
        load_cores=(end.own - start.own) / seconds,
    )
