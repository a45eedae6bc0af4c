"""Clients that send pieces and floods, on each real server: they are ended, and cost little."""

import asyncio
import os
import socket
import struct
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from itertools import pairwise
from pathlib import Path

import pytest
from websockets.sync.client import connect

from streamer.servers.intake import AT_ONCE, BURST_SECONDS, PIECES_PER_SECOND, Intake, frame_at
from tests import footage
from tests.server import RunningServer, serve
from tests.test_servers import GET, HAND_SHAKE, frame, linux_only, raw

if sys.platform != "win32":
    import resource

HEADERS = (
    b"x-content-type-options: nosniff",
    b"referrer-policy: same-origin",
    b"x-frame-options: deny",
    b"content-security-policy: ",
    b"connection: close",
)


def piece(opcode: int, payload: bytes, *, is_last: bool = False) -> bytes:
    """Return a frame that is no whole message, masked with zeros."""
    whole = frame(opcode, payload)
    return bytes([opcode | (0x80 if is_last else 0)]) + whole[1:]


FLOODS = {
    "pieces": piece(2, b"x") + piece(0, b"x") * 60_000,
    "empty-pieces": piece(2, b"") + piece(0, b"") * 60_000,
    "pings": frame(9, b"") * 60_000,
    "full-pings": frame(9, bytes(125)) * 60_000,
    "pongs": frame(10, b"") * 60_000,
}
TINY = {"pictures": frame(2, b"x") * 60_000, "texts": frame(1, b"x") * 60_000}


def opened(server: RunningServer, client: socket.socket) -> None:
    """Open a webcam's WebSocket on a connection."""
    client.sendall(HAND_SHAKE.replace(b"GET / ", b"GET /ws/webcam/?detectors= ") + b"\r\n")
    got = b""
    while b"\r\n\r\n" not in got:
        got += client.recv(4096)
    assert got.startswith(b"HTTP/1.1 101"), server.log


def what_comes_of(server: RunningServer, flood: bytes) -> bytes:
    """Return what a server answers until it ends who sends this; TimeoutError where it does not."""
    got = b""
    with raw(server, b"") as client:
        opened(server, client)
        client.settimeout(10)
        try:
            client.sendall(flood)
            while more := client.recv(65_536):
                got += more
        except ConnectionError:
            pass  # it was cut while more came
    return got


def cpu(server: RunningServer) -> float:
    """Return the seconds that a process has worked for, as Linux tells it."""
    spent = Path(f"/proc/{server.process.pid}/stat").read_text().rpartition(")")[2].split()
    return (int(spent[11]) + int(spent[12])) / os.sysconf("SC_CLK_TCK")


@pytest.mark.parametrize("flood", (FLOODS | TINY).values(), ids=FLOODS | TINY)
def test_who_floods_is_ended(server: RunningServer, flood: bytes) -> None:
    what_comes_of(server, flood)
    assert "Traceback" not in server.log


@pytest.mark.parametrize("flood", FLOODS.values(), ids=FLOODS)
def test_who_is_over_the_budget_by_a_little_is_told(server: RunningServer, flood: bytes) -> None:
    of_one = frame_at(flood, 0)[0]
    assert struct.pack("!H", 1008) in what_comes_of(server, flood[: of_one * 410])


def test_a_message_in_pieces_is_a_message_like_any_other(server: RunningServer) -> None:
    picture = footage.jpeg()
    with connect(server.socket + "?detectors=") as client:
        for size in (256, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 1024, 65_536):
            client.send(picture[at : at + size] for at in range(0, len(picture), size))
            client.ping()
            assert str(client.recv(20)).startswith("/9j/")


@linux_only
def test_floods_cost_less_than_pictures(server: RunningServer) -> None:
    with connect(server.socket + "?detectors=") as client:
        begin = cpu(server)
        for _ in range(200):
            client.send(footage.jpeg())
            assert client.recv(20)
        pictures = cpu(server) - begin
    begin = cpu(server)
    for _ in range(5):
        what_comes_of(server, FLOODS["pieces"])
    assert cpu(server) - begin < 2 * pictures, "it was fifty times as much"


async def test_others_have_their_turn_after_a_few_frames() -> None:
    handed_on: list[int] = []
    others: list[int] = []
    loop = asyncio.get_running_loop()

    def other() -> None:
        others.append(len(handed_on))
        if len(handed_on) < 10_000:
            loop.call_soon(other)

    def hand_on(data: bytes) -> None:
        handed_on.append(len(data))

    calls: list[str] = []
    intake = Intake(
        hand_on,
        lambda: True,
        lambda: calls.append("pause"),
        lambda: calls.append("resume"),
        lambda: calls.append("flood"),
    )
    intake.take(frame(2, b"x") * 10_000)
    other()
    async with asyncio.timeout(20):
        while len(handed_on) < 10_000 or calls[-1] != "resume":
            await asyncio.sleep(0)
    assert max(after - before for before, after in pairwise(others)) <= AT_ONCE
    assert set(handed_on) == {7}
    assert "flood" not in calls


async def test_what_comes_after_the_close_is_counted_too() -> None:
    parsed = floods = 0

    def parse(_: bytes) -> None:
        nonlocal parsed
        parsed += 1

    def flood() -> None:
        nonlocal floods
        floods += 1

    intake = Intake(parse, lambda: True, lambda: None, lambda: None, flood)
    most = int(PIECES_PER_SECOND * BURST_SECONDS)
    intake.take(frame(2, b"x") * 2 * most)
    while parsed < 2 * most:
        await asyncio.sleep(0)
    assert not floods, "whole messages are the application's to count"
    intake.is_closed = True
    intake.take(frame(2, b"x") * 2 * most)
    async with asyncio.timeout(10):
        while not floods:
            await asyncio.sleep(0)
    assert 3 * most <= parsed < 4 * most


CHUNKED = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nTransfer-Encoding: chunked\r\n\r\n"


def answer(server: RunningServer, request: bytes) -> bytes:
    """Return what a server answers until it ends the connection, in small letters."""
    with raw(server, request) as client:
        return b"".join(iter(lambda: client.recv(65_536), b"")).lower()


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (CHUNKED, b"411"),
        (b"POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 70000\r\n\r\n", b"413"),
        (b"no request\r\n\r\n", b"400"),
    ],
    ids=["chunked", "large", "bad"],
)
def test_what_is_refused_before_django_has_all_security_headers(
    server: RunningServer, request_: bytes, status: bytes
) -> None:
    got = answer(server, request_)
    assert got.startswith(b"http/1.1 " + status)
    for header in HEADERS:
        assert header in got, got


@linux_only
def test_a_body_in_pieces_costs_no_more_than_its_head(server: RunningServer) -> None:
    begin = cpu(server)
    for _ in range(20):
        with raw(server, b"") as client:
            try:
                client.sendall(CHUNKED + b"1\r\nx\r\n" * 100_000)
                while client.recv(65_536):
                    pass
            except ConnectionError:
                pass  # it was cut while more came
    assert cpu(server) - begin < 5, "it would be most of a minute"
    assert "Traceback" not in server.log


@contextmanager
def handles(server: RunningServer, most: int) -> Iterator[None]:
    """Let a process have so many file handles."""
    limits = resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (most, limits[1]))
    try:
        yield
    finally:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, limits)


def is_there(client: socket.socket) -> bool:
    """Tell whether a connection is still open shortly after it was made."""
    client.settimeout(0.2)
    try:
        return bool(client.recv(1))
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def is_served(server: RunningServer) -> bool:
    """Tell whether a server answers, after it had no file handles a moment ago."""
    request = GET[:-2] % b"/" + b"Connection: close\r\n\r\n"
    until = time.monotonic() + 10
    while time.monotonic() < until:
        with suppress(ConnectionError):
            if answer(server, request).startswith(b"http/1.1 200 "):
                return True
    return False


@linux_only
def test_few_file_handles_turn_connections_away_until_there_are_more(
    tmp_path: Path, server_name: str
) -> None:
    with (
        serve(tmp_path, "--server", server_name) as server,
        connect(server.socket + "?detectors=") as client,
    ):
        client.send(footage.jpeg())
        assert client.recv(20)
        with handles(server, server.files + 40), ExitStack() as held:
            while is_there(held.enter_context(raw(server, b""))):
                assert server.files < 1000
            begin = cpu(server)
            time.sleep(2)
            assert cpu(server) - begin < 1, "it spins"
            client.send(footage.jpeg())
            assert client.recv(20)
            assert server.log.count("Connections are turned away") == 1
        assert is_served(server)
        assert "Traceback" not in server.log


@linux_only
def test_without_any_file_handle_connections_wait_and_nothing_spins(
    tmp_path: Path, server_name: str
) -> None:
    with (
        serve(tmp_path, "--server", server_name) as server,
        connect(server.socket + "?detectors=") as client,
    ):
        client.send(footage.jpeg())
        assert client.recv(20)
        with handles(server, 4), ExitStack() as held:
            for _ in range(10):
                held.enter_context(raw(server, b""))
            begin = cpu(server)
            time.sleep(2.5)
            assert cpu(server) - begin < 1, "it spins"
            client.send(footage.jpeg())
            assert client.recv(20)
            assert len(server.log) < 5000
        assert is_served(server)
        assert "Traceback" not in server.log
