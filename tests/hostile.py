"""What hostile clients do, each thing a function.

Each goes on until the server has ended it, or has answered all that it sends, and returns what came
of it; TimeoutError where nothing comes of it.
"""

from __future__ import annotations

import asyncio
import json
import socket as sockets
import struct
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Data, Subprotocol

from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.bad_messages import BAD_MESSAGES
from tests.bad_pictures import BAD_PICTURES

SECONDS = 30
"""How long a server may take to answer, or to end what it has to end."""

DEAF_SECONDS = 12
"""How long somebody who never sees an end takes nothing."""

MIB = 1 << 20


@dataclass(frozen=True)
class Target:
    """A server to try: its address with a slash at the end, its owner's token, one of its cameras;
    and the address of this machine to come from, where limits by address are not to meet others."""

    url: str
    token: str
    camera: str
    source: str = "127.0.0.1"

    @property
    def socket(self) -> str:
        return self.url.replace("http", "ws", 1)

    @property
    def address(self) -> tuple[str, int]:
        parts = urlsplit(self.url)
        return parts.hostname or "", parts.port or 80


class End(NamedTuple):
    """What came of it: the errors that were told, and the code of the close; None where the
    connection was cut."""

    told: list[dict[str, Any]]
    code: int | None


Act = Callable[[Target], Awaitable[End]]


@asynccontextmanager
async def joined(
    target: Target, path: str = "", speaks_v1: bool = True, room: int | None = None
) -> AsyncIterator[ClientConnection]:
    """Open a WebSocket whose client leaves without a word. `room` is what its kernel takes in of
    what is not read, in bytes."""
    with sockets.socket() as raw:
        if room:
            raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, room)
        raw.setblocking(False)
        raw.bind((target.source, 0))
        await asyncio.get_running_loop().sock_connect(raw, target.address)
        socket = await connect(
            target.socket + path,
            sock=raw,
            subprotocols=[Subprotocol(SUBPROTOCOL)] if speaks_v1 else None,
            compression=None,
            max_size=None,
            max_queue=1 if room else 16,
            ping_interval=None,
            open_timeout=SECONDS,
        )
        try:
            yield socket
        finally:
            socket.transport.abort()


async def until_end(socket: ClientConnection, seconds: float = SECONDS) -> End:
    """Read until the server ends it."""
    told: list[dict[str, Any]] = []
    try:
        async with asyncio.timeout(seconds):
            while True:
                told += _errors(await socket.recv())
    except ConnectionClosed as end:
        return End(told, end.rcvd.code if end.rcvd else None)


def _errors(message: Data) -> Iterable[dict[str, Any]]:
    """Return the error that a message is, if it is one."""
    if isinstance(message, str) and message.startswith('{"type":"error"'):
        yield json.loads(message)


def numbered(seq: int, jpeg: bytes) -> bytes:
    return struct.pack("<I", seq) + jpeg


# Whole messages


async def sends_bad_pictures(target: Target, jpeg: bytes) -> End:
    """Send a picture again and again, each when the one before is answered."""
    told: list[dict[str, Any]] = []
    seq = 0
    async with joined(target) as socket:
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    told += _errors(await socket.recv())
                    seq += 1
                    await socket.send(numbered(seq, jpeg))
        except ConnectionClosed:
            rest = await until_end(socket)
            return End(told + rest.told, rest.code)


async def sends_bad_pictures_plainly(target: Target, jpeg: bytes) -> End:
    """Send a picture again and again; who speaks plainly is told nothing before the end."""
    async with joined(target, speaks_v1=False) as socket, asyncio.timeout(SECONDS):
        with suppress(ConnectionClosed):
            while True:
                await socket.send(jpeg)
                await asyncio.sleep(0.01)
        return await until_end(socket)


async def sends(target: Target, *messages: Data, speaks_v1: bool = True) -> End:
    """Send these, and when an error has come the message that ends a session."""
    told: list[dict[str, Any]] = []
    async with joined(target, speaks_v1=speaks_v1) as socket:
        with suppress(ConnectionClosed):
            async with asyncio.timeout(SECONDS):
                for message in messages:
                    await socket.send(message)
                while not told:
                    told += _errors(await socket.recv())
                await socket.send(b"")
        rest = await until_end(socket)
        return End(told + rest.told, rest.code)


async def sends_a_mebibyte_and_more(target: Target) -> End:
    """Send a message larger than any that the server library takes in."""
    return await sends(target, bytes(MIB + 1))


async def sends_64_mebibytes(target: Target) -> End:
    """Send a message that would be dear to keep."""
    return await sends(target, bytes(64 * MIB))


# What does not end by itself


async def sends_one_byte_fragments(target: Target) -> End:
    """Send a picture a byte at a time, each in a WebSocket frame of its own."""
    picture = numbered(1, footage.jpeg())
    async with joined(target) as socket:
        with suppress(ConnectionClosed):
            async with asyncio.timeout(SECONDS):
                await socket.send([picture[at : at + 1] for at in range(len(picture))])
                await socket.send(b"")
        return await until_end(socket)


async def floods_with_text(target: Target) -> End:
    """Ask for settings as fast as can be sent, and read the answers."""
    flood = '{"type":"settings"}'.ljust(4000)
    async with joined(target) as socket:
        sending = asyncio.create_task(_send_for_ever(socket, flood))
        try:
            return await until_end(socket)
        finally:
            await _over(sending)


async def floods_with_text_and_never_reads(target: Target) -> End:
    """Ask for answers as fast as can be sent, and take none."""
    flood = json.dumps({"type": "settings", "detectors": ["x" * 3900]})
    async with joined(target, room=2048) as socket:
        return await _deaf(socket, flood)


async def floods_with_pictures(target: Target) -> End:
    """Send pictures as fast as can be, and read the answers."""
    async with joined(target) as socket:
        sending = asyncio.create_task(_send_numbered_for_ever(socket, pause=0))
        try:
            return await until_end(socket)
        finally:
            await _over(sending)


async def ignores_its_credit(target: Target) -> End:
    """Send many more pictures than are answered: read the answers now and then."""
    told: list[dict[str, Any]] = []
    async with joined(target, room=2048) as socket:
        sending = asyncio.create_task(_send_numbered_for_ever(socket, pause=1 / 60))
        try:
            async with asyncio.timeout(SECONDS):
                while True:
                    # Longer than it may, and shorter than an error waits to be read.
                    await asyncio.wait([sending], timeout=2.8)
                    with suppress(TimeoutError):
                        async with asyncio.timeout(0.5):
                            while True:
                                told += _errors(await socket.recv())
        except ConnectionClosed as end:
            return End(told, end.rcvd.code if end.rcvd else None)
        finally:
            await _over(sending)


async def never_reads_its_pictures(target: Target) -> End:
    """Send pictures plainly, and take none of those that come back."""
    async with joined(target, speaks_v1=False, room=2048) as socket:
        return await _deaf(socket, footage.jpeg(), pause=1 / 30)


async def _send_for_ever(socket: ClientConnection, message: Data) -> None:
    with suppress(ConnectionClosed):
        while True:
            await socket.send(message)
            await asyncio.sleep(0)


async def _send_numbered_for_ever(socket: ClientConnection, pause: float) -> None:
    seq = 0
    with suppress(ConnectionClosed):
        while True:
            seq += 1
            await socket.send(numbered(seq, footage.jpeg()))
            await asyncio.sleep(pause)


async def _over(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


async def _deaf(socket: ClientConnection, message: Data, pause: float = 0) -> End:
    """Send until the connection is over, or the server takes no more; then read."""
    with suppress(ConnectionClosed):
        while True:
            try:
                async with asyncio.timeout(SECONDS):
                    await socket.send(message)
            except TimeoutError:
                break
            await asyncio.sleep(pause)
    return await until_end(socket)


async def never_speaks(target: Target) -> End:
    """Open a WebSocket, and send nothing."""
    async with joined(target) as socket:
        return await until_end(socket)


async def sends_a_message_slowly(target: Target) -> End:
    """Begin a message, and add a byte to it now and then, which never is the last."""
    async with joined(target) as socket:
        reading = asyncio.create_task(until_end(socket))
        # Binary, masked with zeros, of 500,000 bytes.
        _write(socket, struct.pack("!BBQI", 0x82, 0xFF, 500_000, 0))
        while not reading.done():
            _write(socket, b"x")
            await asyncio.wait([reading], timeout=0.1)
        return await reading


def _write(socket: ClientConnection, data: bytes) -> None:
    """Send bytes past the library, which would not send such."""
    with suppress(RuntimeError):  # the server has closed already
        socket.transport.write(data)


async def sends_a_header_slowly(target: Target) -> End:
    """Slowloris: begin a request, and add a header to it now and then."""
    reader, writer = await asyncio.open_connection(*target.address, local_addr=(target.source, 0))
    try:
        writer.write(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        reading = asyncio.create_task(_read_to_end(reader))
        number = 0
        async with asyncio.timeout(3 * SECONDS):
            while not reading.done():
                number += 1
                writer.write(b"X-%d: slow\r\n" % number)
                await asyncio.wait([reading], timeout=0.2)
        return End([], None)
    finally:
        await _gone(writer)


async def _read_to_end(reader: asyncio.StreamReader) -> None:
    with suppress(ConnectionError):
        while await reader.read(65_536):
            pass


async def _gone(writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()
    with suppress(ConnectionError):
        await writer.wait_closed()


async def vanishes(target: Target) -> End:
    """Leave in the middle of a message, while an answer is on its way."""
    async with joined(target) as socket:
        with suppress(ConnectionClosed):
            await socket.send(numbered(1, footage.jpeg()))
            _write(socket, struct.pack("!BBHI", 0x82, 0xFE, 40_000, 0) + bytes(1000))
    return End([], None)


# Viewers


async def never_reads_a_stream(target: Target) -> End:
    """Ask for an endless reply, and take nothing of it."""
    with sockets.socket() as raw:
        raw.setsockopt(sockets.SOL_SOCKET, sockets.SO_RCVBUF, 2048)
        raw.setblocking(False)
        raw.bind((target.source, 0))
        loop = asyncio.get_running_loop()
        await loop.sock_connect(raw, target.address)
        path = f"/streams/{target.camera}/mjpeg?token={target.token}"
        await loop.sock_sendall(raw, f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n".encode())
        # A connection that was reset has an error; of one that was closed nothing is seen without
        # reading.
        with suppress(TimeoutError):
            async with asyncio.timeout(DEAF_SECONDS):
                while not raw.getsockopt(sockets.SOL_SOCKET, sockets.SO_ERROR):
                    await asyncio.sleep(0.05)
    return End([], None)


async def never_acknowledges(target: Target) -> End:
    """Watch a camera, and acknowledge none of its pictures."""
    async with joined(target, f"ws/watch/?token={target.token}") as socket:
        await socket.send(json.dumps({"type": "watch", "stream": target.camera}))
        return await until_end(socket)


async def acknowledges_what_never_came(target: Target) -> End:
    """Acknowledge a picture that was not sent."""
    async with joined(target, f"ws/watch/?token={target.token}") as socket:
        with suppress(ConnectionClosed):
            await socket.send(json.dumps({"type": "watch", "stream": target.camera}))
            await socket.send(
                json.dumps({"type": "ack", "stream": target.camera, "seq": 1_000_000})
            )
        return await until_end(socket)


async def never_reads_what_it_watches(target: Target) -> End:
    """Watch a camera, and take nothing of what is sent."""
    async with joined(target, f"ws/watch/?token={target.token}", room=2048) as socket:
        watch = json.dumps({"type": "watch", "stream": target.camera})
        return await _deaf(socket, watch, pause=0.5)


ONGOING: dict[str, Act] = {
    act.__name__: act
    for act in (
        sends_a_mebibyte_and_more,
        sends_64_mebibytes,
        sends_one_byte_fragments,
        floods_with_text,
        floods_with_text_and_never_reads,
        floods_with_pictures,
        ignores_its_credit,
        never_reads_its_pictures,
        never_speaks,
        sends_a_message_slowly,
        sends_a_header_slowly,
        vanishes,
        never_reads_a_stream,
        never_acknowledges,
        acknowledges_what_never_came,
        never_reads_what_it_watches,
    )
}
"""By their names."""


def _says(messages: Iterable[Data]) -> Act:
    async def says(target: Target) -> End:
        return await sends(target, *messages)

    return says


ACTS: dict[str, Act] = {
    **{
        f"sends {name}": partial(sends_bad_pictures, jpeg=picture.data)
        for name, picture in BAD_PICTURES.items()
    },
    **{f"says {name}": _says(bad.messages) for name, bad in BAD_MESSAGES.items()},
    **{name.replace("_", " "): act for name, act in ONGOING.items()},
}
"""All of it, by name."""
