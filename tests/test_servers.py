"""Clients that do not read, send too much, break the rules or stay, on each real server."""

import asyncio
import json
import re
import signal
import socket
import struct
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.client import HTTPConnection, IncompleteRead
from pathlib import Path
from urllib.request import urlopen

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection as ClientConnectionNow
from websockets.sync.client import connect as connect_now
from websockets.typing import Subprotocol

from streamer.codec import encode
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import RunningServer, serve

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="reads memory from /proc")

MIB = 1 << 20
ALLOWED = 24 * MIB
"""What a process may grow by for reasons of its own; what is sent here is several times that."""

HAND_SHAKE = (
    b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
)


GET = b"GET %s HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

SEGMENT = 1448
"""Bytes that a network carries at a time. Within a machine it is 64 KB, and that a client has read
is told as coarsely."""

BEHIND = 300_000
"""Bytes that may be on their way to a client whose own buffer holds 131,072; by itself the kernel
holds more than a megabyte."""


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a WebSocket frame of less than 64 KB, masked with zeros."""
    if len(payload) < 126:
        return struct.pack("!BBI", 0x80 | opcode, 0x80 | len(payload), 0) + payload
    return struct.pack("!BBHI", 0x80 | opcode, 0x80 | 126, len(payload), 0) + payload


async def served(server: RunningServer) -> None:
    """Have a picture worked on, so that all is loaded and the server is known to be well."""
    async with connect(server.socket, max_size=None) as socket:
        await socket.send(footage.jpeg())
        assert await asyncio.wait_for(socket.recv(), 20)


async def served_in_the_end(server: RunningServer) -> None:
    """Wait until the server, which was full, lets somebody in."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await served(server)
            except ConnectionClosed:
                await asyncio.sleep(0.1)


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


def wait_for(condition: Callable[[], object]) -> None:
    """Wait until something is so; AssertionError after ten seconds."""
    until = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.02)


def connects(address: tuple[str, int]) -> bool:
    with socket.socket() as client:
        return client.connect_ex(address) == 0


def came_to_rest(server: RunningServer) -> int:
    """Return how many pictures were made for a client, once the server waits for it."""
    made = -1
    while made != (made := int(urlopen(server.url + "made", timeout=10).read())):  # noqa: S310
        time.sleep(0.2)
    return made


@contextmanager
def raw(server: RunningServer, sends: bytes) -> Iterator[socket.socket]:
    """Open a connection that takes little at a time, and send this on it."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        client.settimeout(20)
        client.connect(("127.0.0.1", server.port))
        with suppress(ConnectionError):  # who is refused may see it already here
            client.sendall(sends)
        yield client


@linux_only
async def test_a_plain_client_that_never_reads_costs_no_memory_and_delays_no_stop(
    tmp_path: Path, server_name: str
) -> None:
    large = encode(footage.shot(size=(1280, 960), zoom=2.5).bgr, 95)
    with serve(tmp_path, "--server", server_name, STREAMER_MAX_FPS="1000") as server:
        await served(server)
        before = server.memory
        url = server.socket + "?detectors=&quality=100"
        async with connect(url, max_size=None, max_queue=1, close_timeout=1) as socket:
            await send_deaf(socket, large, 1500, pause=0.002)
            assert server.memory - before < ALLOWED
            await served(server)
            server.process.terminate()
            assert await asyncio.to_thread(server.process.wait, 10) == 0
        assert "Traceback" not in server.log


@linux_only
async def test_a_flood_of_settings_that_are_never_read_costs_no_memory_and_no_place(
    tmp_path: Path, server_name: str
) -> None:
    flood = json.dumps({"type": "settings", "detectors": ["x" * 3900]})
    protocols = [Subprotocol(SUBPROTOCOL)]
    with serve(tmp_path, "--server", server_name, STREAMER_MAX_SESSIONS="1") as server:
        url = server.socket
        async with connect(url, subprotocols=protocols, max_queue=1, close_timeout=1) as socket:
            await socket.send(struct.pack("<I", 1) + footage.jpeg())
            assert "hello" in str(await socket.recv())
            assert "result" in str(await asyncio.wait_for(socket.recv(), 20))
            before = server.memory
            files = server.files
            await send_deaf(socket, flood, 60_000)
            assert server.memory - before < ALLOWED
            async with asyncio.timeout(10):
                while server.files >= files:
                    await asyncio.sleep(0.1)
            await served_in_the_end(server)
        assert "Traceback" not in server.log


@linux_only
def test_an_endless_reply_waits_for_who_does_not_read_and_ends_with_its_client(
    tmp_path: Path, server_name: str
) -> None:
    site = {"DJANGO_SETTINGS_MODULE": "tests.endless"}
    request = GET % b"/"
    with serve(tmp_path, "--server", server_name, **site) as server:
        time.sleep(1)  # until the models are loaded
        before = server.memory
        with raw(server, request) as client:
            time.sleep(2)
            assert server.memory - before < ALLOWED
            got = 0
            while got < 64 * MIB:
                got += len(client.recv(MIB))
            assert server.memory - before < ALLOWED
            assert "ended after" not in server.log
        while not (ended := re.search(r"ended after (\d+) parts", server.log)):
            time.sleep(0.05)
        assert int(ended[1]) * 65_536 < got + ALLOWED
        assert "Traceback" not in server.log
        with raw(server, request) as client:
            assert client.recv(1)
            server.process.send_signal(signal.SIGINT)
            assert server.process.wait(10) == 0
        assert server.log.count("ended after") == 2
        assert "Traceback" not in server.log


@linux_only
def test_who_reads_slowly_is_a_few_pictures_behind_and_who_stops_is_let_go_of(
    tmp_path: Path, server_name: str
) -> None:
    site = {"DJANGO_SETTINGS_MODULE": "tests.endless", "STREAMER_STALL_TIMEOUT": "1"}
    with serve(tmp_path, "--server", server_name, **site) as server:
        with raw(server, GET % b"/pictures") as client:
            got = 0
            while got < 8 * MIB:  # until the kernel believes that much may be on its way
                got += len(client.recv(MIB))
            assert came_to_rest(server) * 20_000 - got < BEHIND
        with raw(server, GET % b"/") as client:
            until = time.monotonic() + 4
            while time.monotonic() < until:  # slow, but it reads
                assert client.recv(20_000)
                time.sleep(0.1)
            assert "ended after" not in server.log
            wait_for(lambda: "ended after" in server.log)
        picture = frame(2, footage.jpeg())
        with raw(server, HAND_SHAKE + b"\r\n") as client, pytest.raises(ConnectionError):
            assert client.recv(12) == b"HTTP/1.1 101"
            wait_for(lambda: client.sendall(picture))
        assert "Traceback" not in server.log


def test_replies_follow_each_other_on_one_connection(server: RunningServer) -> None:
    request = b"GET /static/streamer/%s HTTP/1.1\r\nHost: 127.0.0.1\r\n%s\r\n"
    requests = request % (b"webcam/page.js", b"") * 20 + request % (
        b"none",
        b"Connection: close\r\n",
    )
    with raw(server, requests) as client:
        got = b"".join(iter(lambda: client.recv(MIB), b""))
    assert got.count(b"HTTP/1.1 200 ") == 20
    assert got.count(b"HTTP/1.1 404 ") == 1


def test_a_reply_that_fails_on_its_way_ends_and_harms_no_other(
    tmp_path: Path, server_name: str
) -> None:
    site = {"DJANGO_SETTINGS_MODULE": "tests.endless"}
    with serve(tmp_path, "--server", server_name, **site) as server:
        for times in (1, 2):
            client = HTTPConnection("127.0.0.1", server.port, timeout=10)
            client.request("GET", "/broken")
            with pytest.raises((IncompleteRead, ConnectionError)):
                client.getresponse().read()
            client.close()
            assert server.log.count("RuntimeError: the camera broke") == times


def test_who_is_there_when_the_server_stops_is_told(tmp_path: Path, server_name: str) -> None:
    camera = ("--camera", "demo=pattern:")
    v1 = [Subprotocol(SUBPROTOCOL)]
    with (
        serve(tmp_path, "--server", server_name, *camera, DJANGO_DEBUG="1") as server,
        connect_now(server.socket) as plain,
        connect_now(server.socket, subprotocols=v1) as webcam,
        connect_now(server.socket + "ws/watch/", subprotocols=v1) as viewer,
        urlopen(server.url + "streams/demo/mjpeg", timeout=10) as mjpeg,  # noqa: S310
    ):
        plain.send(footage.jpeg())
        assert plain.recv(20)
        assert "hello" in str(webcam.recv(20))
        viewer.send('{"type":"watch","stream":"demo"}')
        while isinstance(viewer.recv(20), str):
            pass
        server.process.terminate()
        for client in (plain, webcam, viewer):
            said, code = last_words(client)
            assert code == 4012
            assert (client is plain) == (not said)
            assert client is plain or json.loads(said[-1])["code"] == 4012
        assert mjpeg.read().rstrip().endswith(b"--frame"), "the reply ends as a whole"
        assert server.process.wait(10) == 0
        assert "Traceback" not in server.log


def last_words(client: ClientConnectionNow) -> tuple[list[str], int]:
    """Return the texts that still come, and the code of the close."""
    said = []
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            if isinstance(message := client.recv(20), str):
                said.append(message)
    assert caught.value.rcvd
    return said, caught.value.rcvd.code


def test_a_camera_that_pushes_is_answered_before_anybody_connects(
    tmp_path: Path, server_name: str
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = probe.getsockname()
    cameras = {"yard": {"source": f"zmq:tcp://127.0.0.1:{address[1]}/yard"}}
    camera = {"STREAMER_CAMERAS": json.dumps(cameras)}
    with serve(tmp_path, "--server", server_name, **camera) as server:
        wait_for(lambda: connects(address))
        server.process.terminate()
        assert server.process.wait(10) == 0
        assert not connects(address)
        assert "Traceback" not in server.log


@pytest.mark.parametrize(
    ("sends", "rude"),
    [
        (HAND_SHAKE + b"\r\n", frame(1, b"\xff\xfe")),
        (HAND_SHAKE + b"\r\n", frame(3, b"")),
        (HAND_SHAKE + b"\r\n", b"\x82\x01?"),  # without a mask
        (HAND_SHAKE + b"\r\n" + frame(2, b"early") * 100_000, b""),
        (HAND_SHAKE + b"Cookie: " + bytes(20_000) + b"\r\n\r\n", b""),
        (HAND_SHAKE + b"Cookie: " + b"x" * 20_000 + b"\r\n\r\n", b""),
        (b"\x16\x03\x01 this is TLS\r\n\r\n", b""),
        (HAND_SHAKE + b"\r\n", b""),
    ],
    ids=["not-text", "opcode", "no-mask", "early", "zeros", "long", "tls", "nothing"],
)
def test_rude_clients_and_those_that_vanish_leave_no_traceback(
    server: RunningServer, sends: bytes, rude: bytes
) -> None:
    before = server.log.count("Traceback")
    with raw(server, sends) as client:
        with suppress(ConnectionError):
            client.recv(1000)
            client.sendall(rude)
        if rude:
            with pytest.raises(ConnectionError):
                while client.recv(1000):
                    pass
                raise ConnectionError
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    asyncio.run(served(server))
    assert server.log.count("Traceback") == before
