"""Whether somebody is there, asked of real sockets."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import pytest

from streamer.sources.probe import greets, replies


@contextmanager
def answering(*pieces: bytes, pause: float = 0.0) -> Iterator[tuple[int, list[bytes]]]:
    """Serve one connection with these pieces and a pause before each; yield port and what came."""
    came: list[bytes] = []

    def serve() -> None:
        connection, _ = listener.accept()
        with connection, suppress(BrokenPipeError, ConnectionResetError):  # who asks may leave
            if pieces[0] != b"\xff":
                came.append(connection.recv(4096))
            for piece in pieces:
                time.sleep(pause)
                connection.sendall(piece)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=serve)
        thread.start()
        yield listener.getsockname()[1], came
        thread.join()


def test_a_reply_that_comes_in_pieces_is_one() -> None:
    with answering(b"RT", b"SP/1.0 401 Unauthorized\r\n", pause=0.05) as (port, came):
        assert replies(urlsplit(f"rtsp://ann:secret@127.0.0.1:{port}/live"))
    assert came[0].startswith(b"OPTIONS * RTSP/1.0\r\n")
    assert b"secret" not in came[0]


def test_http_is_asked_for_the_path() -> None:
    with answering(b"HTTP/1.1 405 Method Not Allowed\r\n\r\n") as (port, came):
        assert replies(urlsplit(f"http://ann:secret@127.0.0.1:{port}/video?x=1"))
    assert came[0].startswith(b"HEAD /video HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"secret" not in came[0]


@pytest.mark.parametrize("reply", [b"SSH-2.0-OpenSSH\r\n", b"RT"])
def test_another_protocol_is_no_camera(reply: bytes) -> None:
    with answering(reply) as (port, _):
        assert not replies(urlsplit(f"rtsp://127.0.0.1:{port}/"))


def test_who_trickles_is_waited_for_a_second_in_all() -> None:
    start = time.monotonic()
    with answering(b"R", b"T", b"S", b"P", pause=0.4) as (port, _):
        assert not replies(urlsplit(f"rtsp://127.0.0.1:{port}/"))
        assert time.monotonic() - start < 1.3


def test_a_greeting_needs_no_request() -> None:
    with answering(b"\xff") as (port, _):
        assert greets("127.0.0.1", port, b"\xff")
    assert not greets("127.0.0.1", port, b"\xff")
    assert not greets("camera.invalid", 5555, b"\xff")
