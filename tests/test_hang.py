"""A detector that hangs or is slow, on each real server."""

from __future__ import annotations

import asyncio
import json
import signal
import struct
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.typing import Subprotocol

from streamer.codec import encode
from streamer.wire import SUBPROTOCOL
from tests.hanging import DEADLINE, HANGING, QUICK, SLOW, SPINNING, WORKING
from tests.server import RunningServer, serve
from tests.test_deploy import started
from tests.watching import SECONDS, eventually

SITE = {"DJANGO_SETTINGS_MODULE": "tests.hanging"}


@pytest.fixture(scope="module")
def site(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server at which nothing hangs for good."""
    folder = tmp_path_factory.mktemp(f"hang-{server_name}")
    with serve(folder, "--server", server_name, **SITE) as running:
        yield running
        assert running.process.poll() is None, "the server went down"
        assert "vision threads hang" not in running.log


class Webcam:
    """A client that sends frames of chosen widths."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket
        self._seq = 0

    async def send(self, width: int) -> int:
        """Send a frame, and return its number."""
        self._seq += 1
        jpeg = encode(np.zeros((48, width, 3), np.uint8), 80)
        await self._socket.send(struct.pack("<I", self._seq) + jpeg)
        return self._seq

    async def next(self) -> dict[str, Any]:
        """Return what comes next, but for the pace."""
        async with asyncio.timeout(SECONDS):
            while True:
                message: dict[str, Any] = json.loads(await self._socket.recv())
                if message["type"] != "pace":
                    return message

    async def is_served(self) -> None:
        """Have a frame worked on that takes no time."""
        seq = await self.send(QUICK)
        answer = await self.next()
        assert (answer["type"], answer["seq"]) == ("result", seq)

    async def ends(self) -> int | None:
        """Return the code of the close that comes next."""
        with pytest.raises(ConnectionClosed) as caught:
            await self.next()
        return caught.value.rcvd.code if caught.value.rcvd else None

    async def ends_with_error(self) -> tuple[int, int | None]:
        """Return the codes of the error that comes next, and of the close after it."""
        return (await self.next())["code"], await self.ends()


@asynccontextmanager
async def webcam(server: RunningServer) -> AsyncIterator[Webcam]:
    url = server.socket + "ws/webcam/?width=64"
    protocols = [Subprotocol(SUBPROTOCOL)]
    async with connect(url, subprotocols=protocols, close_timeout=1) as socket:
        client = Webcam(socket)
        assert (await client.next())["type"] == "hello"
        yield client


async def begun(server: RunningServer, width: int, count: int = 1) -> None:
    """Wait until so many frames of this width have been begun, ever."""
    await eventually(lambda: server.log.count(f"begun: {width}\n") >= count)


async def test_a_slow_frame_is_given_up_and_told_while_others_are_served(
    site: RunningServer,
) -> None:
    async with webcam(site) as ill, webcam(site) as well:
        seq = await ill.send(SLOW)
        told = asyncio.create_task(ill.next())
        served = 0
        while not told.done():
            await well.is_served()
            served += 1
        assert served > 3
        error = await told
        assert (error["type"], error["code"], error["seq"]) == ("error", 1011, seq)
        assert error["message"].startswith("Expected at most 1 s of work")
        assert "the detector moody does not end" in error["message"]
        await ill.is_served()
        await eventually(lambda: "time.sleep(1.5 * DEADLINE)" in site.log)


async def test_three_slow_frames_in_a_row_end_the_session_and_no_other(
    site: RunningServer,
) -> None:
    async with webcam(site) as ill, webcam(site) as well:
        for code in (1011, 1011, 4003):
            seq = await ill.send(SLOW)
            error = await ill.next()
            assert (error["type"], error["code"], error["seq"]) == ("error", code, seq)
        assert error["message"].startswith("3 frames in a row took too long.")
        assert await ill.ends() == 4003
        await well.is_served()
        async with webcam(site) as back:
            await back.is_served()


async def test_a_process_that_is_stopped_for_longer_than_the_deadline_gives_nothing_up(
    site: RunningServer,
) -> None:
    async with webcam(site) as client:
        await client.is_served()
        seq = await client.send(WORKING)
        await begun(site, WORKING)
        site.process.send_signal(signal.SIGSTOP)
        await asyncio.sleep(2.5 * DEADLINE)
        site.process.send_signal(signal.SIGCONT)
        answer = await client.next()
        assert (answer["type"], answer["seq"]) == ("result", seq)


@pytest.mark.parametrize("width", [HANGING, SPINNING])
async def test_a_thread_that_hangs_delays_no_stop(
    tmp_path: Path, server_name: str, width: int
) -> None:
    with serve(tmp_path, "--server", server_name, **SITE) as server:
        async with webcam(server) as ill, webcam(server) as well:
            await ill.send(width)
            await begun(server, width)
            await well.is_served()
            start = time.monotonic()
            server.process.terminate()
            assert await well.ends_with_error() == (4012, 4012)
            assert await asyncio.to_thread(server.process.wait, 10) == 0
            assert time.monotonic() - start < 10
        assert "Traceback" not in server.log


async def test_when_as_many_hang_as_there_are_threads_the_process_ends_and_says_why(
    tmp_path: Path, server_name: str
) -> None:
    with serve(tmp_path, "--server", server_name, **SITE) as server:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(webcam(server)) for _ in range(3)]
            await clients[0].send(HANGING)
            await clients[1].send(SPINNING)
            for client in clients[:2]:
                assert (await client.next())["code"] == 1011
            await clients[2].is_served()
            assert await clients[2].ends_with_error() == (4012, 4012)
            assert await asyncio.to_thread(server.process.wait, SECONDS) == 1
    last = server.log.strip().splitlines()[-1]
    assert last.startswith("CommandError: As many threads hang as WORKERS has")
    assert server.log.count("2 threads hang: nothing can be worked on any more") == 1


async def test_under_gunicorn_another_worker_takes_the_place_of_one_that_hangs(
    tmp_path: Path,
) -> None:
    database = f"sqlite:///{tmp_path / 'db.sqlite3'}"
    none = {"STREAMER_CAMERAS": ""}
    with started("gunicorn", database, tmp_path / "log", **SITE, **none) as server:
        async with AsyncExitStack() as stack:
            clients = [await stack.enter_async_context(once_up(server)) for _ in range(2)]
            for client in clients:
                await client.send(HANGING)
            await eventually(lambda: "exited with code 1" in server.log)
        async with once_up(server) as client:
            await client.is_served()


@asynccontextmanager
async def once_up(server: RunningServer) -> AsyncIterator[Webcam]:
    """Connect as soon as the server listens."""
    async with asyncio.timeout(SECONDS), AsyncExitStack() as stack:
        while True:
            with suppress(OSError, InvalidMessage):  # it is away, or about to end
                client = await stack.enter_async_context(webcam(server))
                break
            await asyncio.sleep(0.1)
        yield client
