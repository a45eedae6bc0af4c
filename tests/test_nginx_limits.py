"""What deploy/nginx.conf keeps from the server, and what comes while there is none."""

import re
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from tests import footage, nginx
from tests.nginx import Changes, Front, free_ports, in_front_of, limit
from tests.server import serve
from tests.test_servers import wait_for

MOST_CONNECTIONS = limit("limit_conn videostream_connections ")
BURST = limit("limit_req zone=videostream_asks burst=")

HASTE: Changes = {
    "client_header_timeout 10s": "client_header_timeout 1s",
    "client_body_timeout 10s": "client_body_timeout 1s",
    "proxy_read_timeout 60s": "proxy_read_timeout 3s",
}
"""Times that a test can wait for."""


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


def asked(front: Front, count: int, path: str = "/") -> list[int]:
    """Send requests one after the other on one connection, and return their statuses."""
    got = b""
    with front.connect() as client:
        client.sendall(front.request(path) * count)
        while len(statuses := re.findall(rb"HTTP/1.1 (\d+) ", got)) < count:
            more = client.recv(1 << 20)
            assert more, "nginx ended the connection"
            got += more
    return [int(status) for status in statuses]


def test_who_asks_too_often_is_refused_for_a_moment(tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    with in_front_of(nobody, tmp_path) as front:
        statuses: list[int] = []
        while 429 not in statuses:
            statuses += asked(front, 100, "/?token=planted")
            assert len(statuses) < 10 * BURST
        assert set(statuses[:BURST]) == {502}
        assert set(statuses) == {502, 429}
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


def test_a_body_that_the_server_would_refuse_does_not_reach_it(tmp_path: Path) -> None:
    (nobody,) = free_ports(1)
    with in_front_of(nobody, tmp_path) as front:
        assert front.ask("/login/", "POST", "x" * 65_536).status == 502
        assert front.ask("/login/", "POST", "x" * 65_537).status == 413


@pytest.mark.parametrize(
    ("upgrade", "passed_on"),
    [
        ("websocket", {"Upgrade: websocket", "Connection: upgrade"}),
        ("WebSocket", {"Upgrade: websocket", "Connection: upgrade"}),
        ("h2c", set()),
    ],
)
def test_the_server_hears_what_nginx_says_of_a_client(
    tmp_path: Path, upgrade: str, passed_on: set[str]
) -> None:
    sent = (
        f"GET / HTTP/1.1\r\nHost: HOST\r\nConnection: Upgrade\r\nUpgrade: {upgrade}\r\n"
        "X-Forwarded-For: 192.0.2.1\r\nX-Forwarded-For: 192.0.2.2\r\n"
        "X-Forwarded-Proto: http\r\nX_Forwarded_Proto: http\r\n\r\n"
    )
    with (
        silence() as server,
        in_front_of(server.getsockname()[1], tmp_path) as front,
        front.connect("127.0.0.2") as client,
    ):
        server.settimeout(20)
        client.sendall(sent.replace("HOST", front.host).encode())
        with server.accept()[0] as heard:
            lines = heard.recv(65_536).decode().split("\r\n")
    assert set(lines) == passed_on | {
        "GET / HTTP/1.1",
        f"Host: {front.host}",
        "X-Forwarded-For: 192.0.2.1, 192.0.2.2, 127.0.0.2",
        "X-Forwarded-Proto: https",
        "",
    }


def test_an_address_has_so_many_connections_and_others_have_theirs(tmp_path: Path) -> None:
    def is_let_in(source: str = "127.0.0.1") -> bool:
        with front.connect(source) as client:
            client.sendall(front.request("/static/x"))
            client.settimeout(0.3)
            try:
                return not client.recv(65_536).startswith(b"HTTP/1.1 429 ")
            except TimeoutError:  # it waits for the server
                return True

    with silence() as server, ExitStack() as held:
        front = held.enter_context(in_front_of(server.getsockname()[1], tmp_path))
        clients = [held.enter_context(front.connect()) for _ in range(MOST_CONNECTIONS)]
        for client in clients:
            client.sendall(front.request("/static/x"))
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
