"""How much waits in nginx, as deploy/nginx.conf has it, for a viewer who reads slowly."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests import nginx
from tests.nginx import Changes, in_front_of
from tests.test_servers import SEGMENT, linux_only
from tests.watching import SECONDS

HELD = 300_000
"""Bytes that may be on their way to a viewer, whose own buffer holds 131,072 of them."""


@contextmanager
def endless(path: Path) -> Iterator[Callable[[], int]]:
    """Take one connection on a Unix socket and send parts as long as somebody takes them. Yield
    how many bytes were taken. A fake, for its own socket holds next to nothing."""
    sent = 0
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.settimeout(SECONDS)
        listener.listen()

        def send() -> None:
            nonlocal sent
            with suppress(ConnectionError, TimeoutError), listener.accept()[0] as taken:
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
        in_front_of(0, folder, unix | changes) as front,
        endless(folder / "socket") as sent,
        socket.socket() as client,
    ):
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        client.settimeout(20)
        client.connect(("127.0.0.1", front.port))
        with front.tls.wrap_socket(client, server_hostname=nginx.NAME) as viewer:
            viewer.sendall(front.request("/streams/demo/mjpeg"))
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
