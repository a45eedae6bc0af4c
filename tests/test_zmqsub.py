"""Cameras that publish by ImageZMQ: its own sender, in a process of its own."""

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import zmq

from streamer.codec import encode
from streamer.errors import SettingsError, SourceError, SourceTimeoutError
from streamer.sources import source, zmqsub
from tests import clips


@contextmanager
def publishing(port: int, name: str) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [sys.executable, "-m", "tests.zmq_sender", f"tcp://127.0.0.1:{port}", name, "publish"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "sending\n"
            yield process
        finally:
            process.kill()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


def test_a_publisher_is_watched_killed_and_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert zmqsub.TIMEOUT == 5
    monkeypatch.setattr(zmqsub, "TIMEOUT", 1.0)
    port = free_port()
    camera = source(f"zmq+sub:tcp://127.0.0.1:{port}/porch")
    assert not camera.answers()
    with publishing(port, "porch") as publisher:
        assert camera.answers()
        camera.open()
        seen = [clips.number_of(camera.read()) for _ in range(10)]
        assert len(set(seen)) == 10
        publisher.send_signal(signal.SIGSTOP)
        with pytest.raises(SourceTimeoutError, match="no picture for 1 s"):
            while True:
                camera.read()
        assert not camera.answers()
        publisher.send_signal(signal.SIGCONT)
        camera.read()
        publisher.kill()
        with pytest.raises(SourceTimeoutError):
            while True:
                camera.read()
    with publishing(port, "porch"):
        camera.read()  # it connects again by itself
    camera.close()
    with pytest.raises(SourceError, match="not open"):
        camera.read()


def test_others_and_bad_messages_are_left_out(caplog: pytest.LogCaptureFixture) -> None:
    jpeg = encode(clips.picture(4), 90)
    with zmq.Context() as context, context.socket(zmq.XPUB) as publisher:
        publisher.linger = 0
        port = publisher.bind_to_random_port("tcp://127.0.0.1")
        camera = source(f"zmq+sub:tcp://127.0.0.1:{port}/porch")
        camera.open()
        publisher.recv()  # the subscription is there
        for parts in (
            [b'{"msg": "yard"}', jpeg],
            [b"no header", jpeg],
            [b'{"msg": "porch"}', b"no JPEG"],
            [b'{"msg": "porch"}', jpeg],
        ):
            publisher.send_multipart(parts)
        assert clips.number_of(camera.read()) == 4
        camera.close()
    assert len(caplog.records) == 1


def test_there_is_nothing_to_connect_to_at_every_address() -> None:
    with pytest.raises(SettingsError, match="the address of one machine"):
        source("zmq+sub:tcp://*:5555/porch")
