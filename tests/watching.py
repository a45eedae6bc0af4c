"""Clients that watch streams of a real server, as the owner or by a link."""

from __future__ import annotations

import asyncio
import json
import struct
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPResponse
from typing import Any, NamedTuple

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streamer import links
from streamer.wire import SUBPROTOCOL
from tests.server import RunningServer
from tests.settings import OWNER_TOKEN

OWNER = f"token={OWNER_TOKEN}"
"""The query that opens everything."""

WALL = [f"wall{number}" for number in range(1, 9)]
CAMERAS: dict[str, Any] = {
    "one": "pattern:",
    "two": {"source": "pattern:", "fps": 15},
    "dead": "rtsp://127.0.0.1:9/",
    **{name: {"source": "pattern:", "fps": 5, "detectors": []} for name in WALL},
}
"""`dead` is at a port where nobody listens."""

MAX_VIEWERS, LINGER, STALL_TIMEOUT = 16, 0.5, 2
ENVIRON = {
    "STREAMER_CAMERAS": json.dumps(CAMERAS),
    "STREAMER_MAX_VIEWERS": str(MAX_VIEWERS),
    "STREAMER_LINGER": str(LINGER),
    "STREAMER_STALL_TIMEOUT": str(STALL_TIMEOUT),
}

SECONDS = 20
"""How long a test waits for what has to come."""


def link(stream: str, seconds: float = 3600) -> str:
    """Return the query of a link for so long."""
    return f"key={links.Link(stream, datetime.now(UTC) + timedelta(seconds=seconds)).key}"


class Answer(NamedTuple):
    """What came of an HTTP request."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def words(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@contextmanager
def opened(
    server: RunningServer, path: str, query: str = OWNER, method: str = "GET", **more: Any
) -> Iterator[HTTPResponse]:
    """Send a request, and yield its reply while it goes on."""
    client = HTTPConnection("127.0.0.1", server.port, timeout=SECONDS)
    try:
        client.request(method, f"{path}?{query}", **more)
        yield client.getresponse()
    finally:
        client.close()


def ask(
    server: RunningServer, path: str, query: str = OWNER, method: str = "GET", **more: Any
) -> Answer:
    """Return the whole answer to a request."""
    with opened(server, path, query, method, **more) as reply:
        headers = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, headers, reply.read())


def told_of(server: RunningServer, name: str) -> dict[str, Any]:
    """Return what the API tells of a stream, nothing where there is none of this name."""
    streams = ask(server, "/api/streams").json["streams"]
    found: dict[str, Any] = next((each for each in streams if each["name"] == name), {})
    return found


async def eventually(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(holds):
            await asyncio.sleep(0.05)


class Watcher:
    """A client of `/ws/watch/`. What comes is a dictionary, a picture too: its JPEG is `jpeg`."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind} | fields))

    async def next(self, seconds: float = SECONDS) -> dict[str, Any]:
        """Return what comes next."""
        async with asyncio.timeout(seconds):  # wait_for of Python 3.11 may swallow a cancellation
            message = await self.socket.recv()
        if isinstance(message, str):
            told: dict[str, Any] = json.loads(message)
            return told
        (length,) = struct.unpack_from("<I", message)
        jpeg = message[4 + length :]
        return json.loads(message[4 : 4 + length]) | {"jpeg": jpeg}  # type: ignore[no-any-return]

    async def ack(self, frame: dict[str, Any]) -> None:
        await self.say("ack", stream=frame["stream"], seq=frame["seq"])

    async def until(self, **fields: Any) -> dict[str, Any]:
        """Return the next message with these fields; pictures are acknowledged meanwhile."""
        async with asyncio.timeout(SECONDS):
            while True:
                message = await self.next()
                if message["type"] == "frame":
                    await self.ack(message)
                if fields.items() <= message.items():
                    return message

    async def ends(self) -> tuple[list[dict[str, Any]], int | None]:
        """Return what comes before the end, and the code of the close."""
        came = []
        with pytest.raises(ConnectionClosed) as caught:
            while True:
                came.append(await self.next())
        return came, caught.value.rcvd.code if caught.value.rcvd else None


@asynccontextmanager
async def watcher(
    server: RunningServer, query: str = OWNER, protocol: str = SUBPROTOCOL
) -> AsyncIterator[Watcher]:
    """Connect a client that watches."""
    url = f"{server.socket}ws/watch/?{query}"
    async with connect(
        url, max_size=None, subprotocols=[Subprotocol(protocol)], close_timeout=1
    ) as socket:
        yield Watcher(socket)


def parts(reply: HTTPResponse) -> Iterator[bytes]:
    """Yield the JPEGs of an endless reply, each as it is announced, until the reply ends."""
    assert reply.getheader("Content-Type") == "multipart/x-mixed-replace; boundary=frame"
    while line := reply.readline():
        assert line == b"--frame\r\n"
        if not (kind := reply.readline()):
            return
        assert kind == b"Content-Type: image/jpeg\r\n"
        name, length = reply.readline().split(b": ")
        assert name == b"Content-Length"
        assert reply.readline() == b"\r\n"
        jpeg = reply.read(int(length))
        assert reply.readline() == b"\r\n"
        yield jpeg
