"""Clients that say nothing, say it slowly, or vanish, on each real server."""

import socket
import struct
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from streamer.servers import peer, refusal
from tests.server import RunningServer, serve
from tests.test_servers import HAND_SHAKE, linux_only, raw, wait_for

REQUEST_SECONDS, PING_SECONDS = 2, 1
"""As tests.hasty has it, which would have its way with this process, too."""

LONGER = 20
"""Seconds after which something that is bounded by one or two has not ended."""

V1 = b"Sec-WebSocket-Protocol: videostream.v1\r\n\r\n"
WEBCAM = HAND_SHAKE.replace(b"GET / ", b"GET /ws/webcam/?detectors= ") + V1
WATCH = HAND_SHAKE.replace(b"GET / ", b"GET /ws/watch/ ") + V1

FALLS_SILENT = """
import os, signal, sys
from websockets.sync.client import connect
with connect(sys.argv[1], subprotocols=["videostream.v1"]) as client:
    print("there", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
"""


@pytest.fixture(scope="module")
def hasty(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server that waits for nobody for long."""
    site = {
        "DJANGO_SETTINGS_MODULE": "tests.hasty",
        "STREAMER_FIRST_FRAME_TIMEOUT": "100",
        "STREAMER_MAX_SESSIONS": "1",
        "STREAMER_MAX_VIEWERS": "1",
        "DJANGO_DEBUG": "1",  # anybody may watch
    }
    folder = tmp_path_factory.mktemp(f"hasty-{server_name}")
    with serve(folder, "--server", server_name, **site) as running:
        yield running
        assert running.process.poll() is None, "the server went down"
        assert "Traceback" not in running.log


def seconds_until_end(client: socket.socket, drips: bytes = b"") -> float:
    """Return after how many seconds the server ends a connection, on which a byte goes out now and
    then; it is none of LONGER where the server does not."""
    begin = time.monotonic()
    client.settimeout(0.2)
    for at in range(LONGER * 5):
        with suppress(TimeoutError):
            try:
                if at < len(drips):
                    client.sendall(drips[at : at + 1])
                if not client.recv(65_536):
                    return time.monotonic() - begin
            except ConnectionError:
                return time.monotonic() - begin
    return LONGER


SLOW = {
    "nothing": (b"", b""),
    "head": (b"", b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-Slow: yes\r\n" * 100),
    "body": (
        b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\n",
        b"x" * 999,
    ),
    "hand-shake": (b"", WEBCAM[:-4] + b"\r\nX-Slow: yes" * 100),
    "next": (
        b"GET /static/streamer/shared/words.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + b"X-Slow: yes\r\n" * 100,
    ),
}


def connections(server: RunningServer) -> int:
    """Return how many connections a server holds, as Linux tells it."""
    lines = Path("/proc/net/tcp").read_text().splitlines()[1:]
    fields = [line.split() for line in lines]
    ends = f":{server.port:04X}"
    listens, nobodys = "0A", "0"
    return sum(
        each[1].endswith(ends) and each[3] != listens and each[9] != nobodys for each in fields
    )


@pytest.mark.parametrize(("sends", "drips"), SLOW.values(), ids=SLOW)
def test_a_request_that_does_not_come_as_a_whole_is_waited_for_no_longer_than_told(
    hasty: RunningServer, sends: bytes, drips: bytes
) -> None:
    with raw(hasty, sends) as client:
        lasted = seconds_until_end(client, drips)
    assert REQUEST_SECONDS / 2 < lasted < LONGER / 2


def test_who_keeps_a_connection_for_the_next_request_may_pause(hasty: RunningServer) -> None:
    request = b"GET /static/streamer/shared/words.js HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with raw(hasty, request) as client:
        client.settimeout(0.5)
        for _ in range(4):  # more than REQUEST_SECONDS together
            got = b""
            with suppress(TimeoutError):
                while True:
                    got += client.recv(65_536)
                    assert got
            assert got.startswith(b"HTTP/1.1 200 ")
            client.sendall(request)


@contextmanager
def stopped_client(url: str) -> Iterator[None]:
    """Have a process open a WebSocket and be stopped: its kernel takes all that comes, but it says
    no more."""
    with subprocess.Popen(
        [sys.executable, "-c", FALLS_SILENT, url], stdout=subprocess.PIPE, text=True
    ) as client:
        assert client.stdout
        assert client.stdout.readline() == "there\n"
        try:
            yield
        finally:
            client.kill()


@linux_only
@pytest.mark.parametrize("path", ["ws/webcam/?detectors=", "ws/watch/"])
def test_a_peer_that_vanished_without_a_word_is_let_go_of(hasty: RunningServer, path: str) -> None:
    wait_for(lambda: connections(hasty) == 0)
    with stopped_client(hasty.socket + path):
        assert connections(hasty) == 1
        wait_for(lambda: connections(hasty) == 0)


def test_a_peer_that_answers_pings_stays(hasty: RunningServer) -> None:
    with raw(hasty, WEBCAM) as client:
        pings = 0
        until = time.monotonic() + 6 * PING_SECONDS
        while time.monotonic() < until:
            got = client.recv(65_536)
            assert got
            if (at := got.find(b"\x89")) >= 0 and not got.startswith(b"HTTP"):
                payload = got[at + 2 : at + 2 + got[at + 1]]
                client.sendall(struct.pack("!BBI", 0x8A, 0x80 | len(payload), 0) + payload)
                pings += 1
        assert pings >= 2


def test_a_half_open_peer_is_let_go_of_within_45_seconds() -> None:
    """As those who run the servers are told; the others here wait less."""
    assert peer.PING_SECONDS + peer.PONG_SECONDS <= 45
    assert refusal.REQUEST_SECONDS <= 20


@linux_only
@pytest.mark.parametrize("ending", [b"", struct.pack("ii", 1, 0)], ids=["fin", "reset"])
@pytest.mark.parametrize(
    "sends",
    [WEBCAM, WATCH, b"GET /streams/demo/mjpeg HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", b"GET / HT"],
    ids=["webcam", "watch", "mjpeg", "head"],
)
def test_an_abrupt_disconnect_frees_all_within_a_second(
    hasty: RunningServer, sends: bytes, ending: bytes
) -> None:
    wait_for(lambda: connections(hasty) == 0)
    with raw(hasty, sends) as client:
        wait_for(lambda: connections(hasty) == 1)
        if sends.startswith(b"GET /ws"):
            assert client.recv(12) == b"HTTP/1.1 101"
        if ending:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ending)
    begin = time.monotonic()
    wait_for(lambda: connections(hasty) == 0)
    assert time.monotonic() - begin < 5, "a loaded machine takes its time; by pings it is longer"
