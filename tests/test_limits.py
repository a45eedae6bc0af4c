"""What one visitor may do, on real servers: how many webcams, how often, how much, how long."""

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from itertools import count
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streamer.caller import UNTOLD
from streamer.codec import encode
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import RunningServer, serve
from tests.visits import SITE, Visit, log_in, make_log_in
from tests.watching import OWNER, ask, link, opened, parts, watcher

STRICT = {
    "STREAMER_MAX_SESSIONS_PER_ADDRESS": "2",
    "STREAMER_MAX_SESSIONS_PER_USER": "1",
    "STREAMER_HANDSHAKES_PER_MINUTE": "6",
    "STREAMER_MAX_BYTES_PER_SECOND": "50000",
    "STREAMER_BURST_SECONDS": "2",
    "STREAMER_TRUSTED_PROXIES": "1",
}
FIRST, IDLE, LIFETIME = 1.0, 2.0, 4.0
BRIEF = {
    "STREAMER_FIRST_FRAME_TIMEOUT": str(FIRST),
    "STREAMER_IDLE_TIMEOUT": str(IDLE),
    "STREAMER_SESSION_LIFETIME": str(LIFETIME),
    "STREAMER_ANONYMOUS_WEBCAM": "0",
}
CAMERA = ("--camera", "demo=pattern:")

_addresses = count(1)


@pytest.fixture(scope="module")
def strict(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp(server_name)
    with serve(folder, "--server", server_name, **SITE, **STRICT) as running:
        make_log_in(running)
        yield running
        assert "Traceback" not in running.log


@pytest.fixture(scope="module")
def brief(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp(server_name)
    with serve(folder, "--server", server_name, *CAMERA, **SITE, **BRIEF) as running:
        yield running
        assert "Traceback" not in running.log


@pytest.fixture
def address() -> str:
    """Return an address that no other test comes from."""
    return f"192.0.2.{next(_addresses)}"


@asynccontextmanager
async def webcam(
    server: RunningServer, address: str = "", query: str = "", **headers: str
) -> AsyncIterator[tuple[ClientConnection, dict[str, Any]]]:
    """Connect as from an address, and yield the socket and what comes first."""
    sent = headers | ({"X-Forwarded-For": address} if address else {})
    async with connect(
        f"{server.socket}ws/webcam/?{query}",
        max_size=None,
        subprotocols=[Subprotocol(SUBPROTOCOL)],
        additional_headers=sent,
    ) as socket:
        async with asyncio.timeout(20):
            yield socket, json.loads(await socket.recv())


async def greeted(server: RunningServer, address: str) -> dict[str, Any]:
    """Return what comes first to somebody who connects and leaves."""
    async with webcam(server, address) as (_, first):
        return first


async def ending(socket: ClientConnection) -> tuple[str, int]:
    """Return the words of the error and the code of the close that follow."""
    words = ""
    with pytest.raises(ConnectionClosed) as caught:
        async with asyncio.timeout(20):
            while True:
                message = json.loads(await socket.recv())
                if message["type"] == "error":
                    words = message["message"]
    assert caught.value.rcvd
    return words, caught.value.rcvd.code


async def test_an_address_has_so_many_webcams_and_no_more(
    strict: RunningServer, address: str
) -> None:
    async with AsyncExitStack() as stack:
        for _ in range(2):
            _, hello = await stack.enter_async_context(webcam(strict, address))
            assert hello["type"] == "hello"
        socket, error = await stack.enter_async_context(webcam(strict, address))
        assert (error["code"], (await ending(socket))[1]) == (4029, 4029)
        assert "2 webcams from your address" in error["message"]
        _, hello = await stack.enter_async_context(webcam(strict, "198.51.100.7"))
        assert hello["type"] == "hello", "another address has its own"
    async with asyncio.timeout(10):  # a place is free again, as soon as somebody has left
        while (await greeted(strict, address))["type"] != "hello":
            await asyncio.sleep(0.5)


async def test_what_a_client_says_of_itself_does_not_count(
    strict: RunningServer, address: str
) -> None:
    async with AsyncExitStack() as stack:
        for number in range(2):
            await stack.enter_async_context(webcam(strict, f"203.0.113.{number}, {address}"))
        _, error = await stack.enter_async_context(webcam(strict, f"203.0.113.9, {address}"))
        assert error["code"] == 4029


async def test_a_log_in_has_so_many_webcams_whatever_the_address(strict: RunningServer) -> None:
    origin = strict.url.rstrip("/")
    visit = Visit(strict)
    await asyncio.to_thread(log_in, visit)
    cookies = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())
    mine = {"Cookie": cookies, "Origin": origin}
    async with webcam(strict, "198.51.100.1", **mine) as (_, hello):
        assert hello["type"] == "hello"
        async with webcam(strict, "198.51.100.2", **mine) as (_, error):
            assert error["code"] == 4029
            assert "1 webcams of your log-in" in error["message"]


async def test_an_address_opens_so_many_sockets_a_minute(
    strict: RunningServer, address: str
) -> None:
    for _ in range(6):
        async with webcam(strict, address) as (_, hello):
            assert hello["type"] == "hello"
    async with webcam(strict, address) as (socket, error):
        assert "at most 6 connections a minute" in error["message"]
        assert (await ending(socket))[1] == 4029
    async with webcam(strict, "198.51.100.20") as (_, hello):
        assert hello["type"] == "hello"


async def test_who_sends_too_much_is_told_and_ended(strict: RunningServer, address: str) -> None:
    async with webcam(strict, address) as (socket, _):
        jpeg = footage.jpeg()
        assert len(jpeg) < 100_000
        await socket.send(struct.pack("<I", 1) + jpeg)  # within the burst
        assert json.loads(await socket.recv())["type"] in ("result", "settings")
        small = encode(footage.shot(size=(32, 24)).bgr, 50)
        assert len(small) < 1024
        for seq in range(2, 122):
            await socket.send(struct.pack("<I", seq) + small)
        words, code = await ending(socket)
        assert "at most 50000 bytes a second, each message counted as 4096" in words
        assert code == 4029


async def test_rate_alone_refuses_no_frame(server: RunningServer) -> None:
    """A hundred frames as fast as they go, with the settings that there are by default."""
    async with connect(server.socket, max_size=None) as socket:
        for _ in range(100):
            await socket.send(footage.jpeg())
        async with asyncio.timeout(20):
            assert await socket.recv()


async def test_an_untold_proxy_is_named_in_the_refusal_and_in_the_log(
    tmp_path_factory: pytest.TempPathFactory, server_name: str
) -> None:
    few = {"STREAMER_MAX_SESSIONS_PER_ADDRESS": "1"}
    folder = tmp_path_factory.mktemp(server_name)
    with serve(folder, "--server", server_name, **few) as server:
        async with webcam(server, "192.0.2.1") as (_, hello):
            assert hello["type"] == "hello"
            async with webcam(server, "192.0.2.2") as (_, error):
                assert error["code"] == 4029
                assert error["message"].endswith(UNTOLD)
        assert server.log.count("TRUSTED_PROXIES") == 1


async def test_a_webcam_without_frames_is_ended(brief: RunningServer) -> None:
    async with webcam(brief, query=OWNER) as (socket, _):
        start = time.monotonic()
        words, code = await ending(socket)
        assert code == 1000
        assert f"Expected a frame within {FIRST:g} s" in words
        assert time.monotonic() - start > 0.8 * FIRST


async def test_a_webcam_that_falls_silent_is_ended_later(brief: RunningServer) -> None:
    async with webcam(brief, query=OWNER) as (socket, _):
        await socket.send(struct.pack("<I", 1) + footage.jpeg())
        start = time.monotonic()
        words, code = await ending(socket)
        assert code == 1000
        assert f"Expected a frame within {IDLE:g} s" in words
        assert time.monotonic() - start > 0.8 * IDLE


async def test_whatever_is_connected_ends_after_its_lifetime(brief: RunningServer) -> None:
    async def sends() -> tuple[str, int]:
        async with connect(f"{brief.socket}?{OWNER}", max_size=None) as socket:
            with pytest.raises(ConnectionClosed) as caught:
                while True:
                    await socket.send(footage.jpeg())
                    await socket.recv()
            assert caught.value.rcvd
            return "", caught.value.rcvd.code

    async def watches() -> tuple[str, int]:
        async with watcher(brief) as viewer:
            await viewer.say("watch", stream="demo")
            with pytest.raises(ConnectionClosed) as caught:
                while True:
                    came = await viewer.next()
                    if came["type"] == "frame":
                        with suppress(ConnectionClosed):  # what was said before can be read
                            await viewer.ack(came)
            assert caught.value.rcvd
            return came["message"], caught.value.rcvd.code

    def plays() -> float:
        start = time.monotonic()
        with opened(brief, "/streams/demo/mjpeg") as reply:
            assert list(parts(reply))
        return time.monotonic() - start

    (_, webcam_code), (words, viewer_code), seconds = await asyncio.gather(
        sends(), watches(), asyncio.to_thread(plays)
    )
    assert (webcam_code, viewer_code) == (1000, 1000)
    assert f"lasts {LIFETIME:g} s" in words
    assert 0.8 * LIFETIME < seconds < 3 * LIFETIME


async def test_a_webcam_may_need_a_log_in(brief: RunningServer) -> None:
    for query in ("", link("demo")):
        async with webcam(brief, query=query) as (socket, error):
            assert error["code"] == 4004
            assert "needs a log-in" in error["message"]
            assert (await ending(socket))[1] == 4004
    answer = await asyncio.to_thread(ask, brief, "/", "")
    assert (answer.status, answer.headers["location"]) == (302, "/login/?next=%2F")
    assert "VideoStream" in (await asyncio.to_thread(visit_as_owner, brief)).body


def visit_as_owner(server: RunningServer) -> Any:
    visit = Visit(server)
    assert visit.ask(f"/?{OWNER}").status == 302
    return visit.ask("/")


def test_passwords_are_not_tried_for_ever(strict: RunningServer, address: str) -> None:
    visit = Visit(strict, headers={"X-Forwarded-For": address})
    for _ in range(10):
        assert log_in(visit, password="wrong").status == 200  # noqa: S106
    answer = log_in(visit, password="wrong")  # noqa: S106
    assert answer.status == 429
    assert answer.headers["retry-after"] == "60"
    assert "10 wrong passwords" in answer.body
    assert log_in(visit).status == 429, "not even with the right one"
    other = Visit(strict, headers={"X-Forwarded-For": "198.51.100.30"})
    assert log_in(other).status == 302
