"""What deploy/nginx.conf keeps from the server, and what comes while there is none."""

import re
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests import footage, nginx
from tests.nginx import Changes, Front, free_ports, in_front_of, limit
from tests.server import serve
from tests.test_servers import SEGMENT, linux_only, wait_for

MOST_CONNECTIONS = limit("limit_conn videostream_connections ")
BURST = limit("limit_req zone=videostream_asks burst=")

HASTE: Changes = {
    "client_header_timeout 10s": "client_header_timeout 1s",
    "client_body_timeout 10s": "client_body_timeout 1s",
    "proxy_read_timeout 60s": "proxy_read_timeout 3s",
}
"""Times that a test can wait for."""

HELD = 300_000
"""Bytes that may be on their way to a viewer, whose own buffer holds 131,072 of them."""


@contextmanager
def silence() -> Iterator[socket.socket]:
    """Yield a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0), backlog=1024) as listener:
        listener.setblocking(False)
        yield listener


def was_asked(listener: socket.socket) -> bool:
    """Tell whether anybody has come to a silent server."""
    with suppress(BlockingIOError):
        listener.accept()[0].close()
        return True
    return False


def request(front: Front, path: str = "/") -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: {front.host}\r\n\r\n".encode()


def asked(front: Front, count: int, path: str = "/") -> list[int]:
    """Send requests one after the other on one connection, and return their statuses."""
    got = b""
    with front.connect() as client:
        sender = threading.Thread(target=client.sendall, args=[request(front, path) * count])
        sender.start()
        while len(statuses := re.findall(rb"HTTP/1.1 (\d+) ", got)) < count:
            more = client.recv(1 << 20)
            assert more, "a connection takes a thousand requests"
            got += more
        sender.join()
    return [int(status) for status in statuses]


def test_who_asks_too_often_is_refused_for_a_moment(tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    with in_front_of(nobody, tmp_path) as front:
        statuses = asked(front, BURST + 300, "/?token=planted")
        assert set(statuses[:BURST]) == {502}
        assert statuses.count(429) > 200
        assert asked(front, 40, "/static/streamer/webcam/page.js") == [502] * 40
        wait_for(lambda: asked(front, 1) == [502])
        assert re.search(r'"GET / HTTP/1.1" 429 ', front.access_log)
        assert "planted" not in front.logs


def test_what_nginx_says_itself_has_the_headers_too(tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    with in_front_of(nobody, tmp_path) as front:
        answer = front.ask("/")
    assert answer.status == 502
    assert answer.headers["server"] == "nginx"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert answer.headers["strict-transport-security"].startswith("max-age=")


def test_an_address_has_so_many_connections_and_others_have_theirs(tmp_path: Path) -> None:
    def is_let_in(source: str = "127.0.0.1") -> bool:
        with front.connect(source) as client:
            client.sendall(request(front, "/static/x"))
            client.settimeout(0.3)
            try:
                return not client.recv(65_536).startswith(b"HTTP/1.1 429 ")
            except TimeoutError:  # it waits for the server
                return True

    with silence() as server, ExitStack() as held:
        front = held.enter_context(in_front_of(server.getsockname()[1], tmp_path))
        clients = [held.enter_context(front.connect()) for _ in range(MOST_CONNECTIONS)]
        for client in clients:
            client.sendall(request(front, "/static/x"))
        wait_for(lambda: not is_let_in())
        assert is_let_in("127.0.0.2")
        assert not is_let_in()
        clients[0].close()
        wait_for(is_let_in)


@pytest.mark.parametrize(
    ("sends", "drip"),
    [
        ("GET /slow HTTP/1.1\r\nHost: {host}\r\nX-Slow: ", b"x"),
        ("POST /slow HTTP/1.1\r\nHost: {host}\r\nContent-Length: 10\r\n\r\nhalf", b""),
        ("", b""),
    ],
    ids=["head", "body", "nothing"],
)
def test_who_is_slow_to_ask_is_cut_and_does_not_reach_the_server(
    tmp_path: Path, sends: str, drip: bytes
) -> None:
    with (
        silence() as server,
        in_front_of(server.getsockname()[1], tmp_path, HASTE) as front,
        front.connect() as client,
    ):
        began = time.monotonic()
        client.sendall(sends.format(host=front.host).encode())
        client.settimeout(0.1)
        with suppress(ConnectionError):
            while time.monotonic() - began < 10:
                with suppress(TimeoutError):
                    assert client.recv(1000) == b"", "it is cut without a word"
                    break
                client.sendall(drip)
        assert 0.5 < time.monotonic() - began < 5
        assert not was_asked(server)
        assert ('"POST /slow HTTP/1.1" 408 ' in front.access_log) == ("POST" in sends)


def test_a_server_that_is_away_or_stuck_is_told_and_comes_back(
    tmp_path: Path, server_name: str
) -> None:
    (port,) = free_ports(1)
    arguments = ("--server", server_name, "--port", str(port))
    with in_front_of(port, tmp_path, HASTE) as front:

        def status() -> int:
            return front.ask("/").status

        def picture_comes_back() -> None:
            origin = {"Origin": front.origin}
            with connect(front.socket, additional_headers=origin, **front.dial()) as webcam:
                webcam.send(footage.jpeg())
                assert webcam.recv(20)

        for is_stuck in (True, False):
            assert status() == 502
            with pytest.raises(InvalidStatus) as refused:
                picture_comes_back()
            assert refused.value.response.status_code == 502
            with serve(tmp_path, *arguments, **nginx.ENVIRON) as server:
                wait_for(lambda: status() == 200)
                picture_comes_back()
                if is_stuck:
                    server.process.send_signal(signal.SIGSTOP)
                    try:
                        assert status() == 504
                    finally:
                        server.process.send_signal(signal.SIGCONT)
                    wait_for(lambda: status() == 200)


@contextmanager
def endless(path: Path) -> Iterator[Callable[[], int]]:
    """Take one connection on a Unix socket and send parts as long as somebody takes them. Yield
    how many bytes were taken. A fake, for its own socket holds next to nothing."""
    sent = 0
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()

        def send() -> None:
            nonlocal sent
            with suppress(ConnectionError), listener.accept()[0] as taken:
                taken.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4096)
                taken.recv(65_536)
                taken.sendall(b"HTTP/1.1 200 OK\r\nX-Accel-Buffering: no\r\n\r\n")
                while True:
                    sent += taken.send(bytes(20_000))

        thread = threading.Thread(target=send)
        thread.start()
        yield lambda: sent
        thread.join()


def held_for_who_stops_reading(folder: Path, changes: Changes) -> int:
    """Return how many bytes are on their way to a viewer that has read much and reads no more."""
    folder.mkdir()
    unix = {"server 127.0.0.1:0;": f"server unix:{folder}/socket;"}
    with (
        endless(folder / "socket") as sent,
        in_front_of(0, folder, unix | changes) as front,
        socket.socket() as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        client.settimeout(20)
        client.connect(("127.0.0.1", front.port))
        with front.tls.wrap_socket(client, server_hostname=nginx.NAME) as viewer:
            viewer.sendall(request(front, "/streams/demo/mjpeg"))
            got = 0
            while got < 8 << 20:  # until the kernel believes that much may be on its way
                got += len(viewer.recv(65_536))
            before = -1
            while before != (before := sent()):
                time.sleep(0.3)
            return before - got


@linux_only
def test_little_waits_in_nginx_for_who_reads_slowly(tmp_path: Path) -> None:
    """That is what MJPEG is late by. The pages' pictures are acknowledged, and never wait."""
    told = held_for_who_stops_reading(tmp_path / "told", {})
    untold = held_for_who_stops_reading(tmp_path / "untold", {" sndbuf=32k": ""})
    assert told < HELD
    assert untold > 3 * told
