"""Cameras that push by ImageZMQ: its own senders, in processes of their own."""

from __future__ import annotations

import logging
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager

import imagezmq  # type: ignore[import-untyped]
import numpy as np
import pytest
import zmq

from streamer.codec import encode
from streamer.errors import SourceError, SourceTimeoutError
from streamer.sources import source
from streamer.sources import zmq as module
from streamer.sources.hub import MAX_STRANGERS, hub_at
from tests import clips


@pytest.fixture
def address() -> Iterator[str]:
    """An address that nobody has; the hub there is stopped in the end."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    yield f"tcp://127.0.0.1:{port}"
    hub_at(f"tcp://127.0.0.1:{port}").stop()


@contextmanager
def sending(address: str, name: str) -> Iterator[subprocess.Popen[str]]:
    """Run a sender; what it needs is that somebody answers."""
    with subprocess.Popen(
        [sys.executable, "-m", "tests.zmq_sender", address, name], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            assert process.stdout.readline() == "sending\n"
            yield process
        finally:
            process.kill()


@contextmanager
def sender(address: str) -> Iterator[imagezmq.ImageSender]:
    """Return a sender in this process, which does not wait for ever."""
    made = imagezmq.ImageSender(address)
    made.zmq_socket.setsockopt(zmq.RCVTIMEO, 5000)
    made.zmq_socket.setsockopt(zmq.LINGER, 0)
    with closing(made):
        yield made


def sorted_out(sends: imagezmq.ImageSender) -> None:
    """Wait until the hub has done with what came before: it takes one after another."""
    sends.send_jpg("porch's neighbour", b"")
    sends.send_jpg("porch's neighbour", b"")


def eventually(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 5
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_two_senders_share_a_socket_and_one_is_killed(
    address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert module.TIMEOUT == 5
    monkeypatch.setattr(module, "TIMEOUT", 1.0)
    porch, yard = source(f"zmq:{address}/porch"), source(f"zmq:{address}/yard")
    porch.attend()
    yard.attend()
    assert not porch.answers()
    with sending(address, "porch"), sending(address, "yard") as killed:
        porch.open()
        yard.open()
        assert len({clips.number_of(porch.read()) for _ in range(10)}) == 10
        assert clips.number_of(yard.read()) >= 0
        assert porch.answers()
        assert yard.answers()
        killed.kill()
        with pytest.raises(SourceTimeoutError, match="no picture for 1 s"):
            while True:
                yard.read()
        porch.read()
        yard.close()
        eventually(lambda: not yard.answers())
        with sending(address, "yard"):
            eventually(yard.answers)
            back = source(f"zmq:{address}/yard")
            back.open()
            back.read()
            back.close()
        porch.close()


def test_senders_are_answered_though_nobody_watches(address: str) -> None:
    camera = source(f"zmq:{address}/porch")
    camera.attend()
    image = clips.picture(3)
    with sender(address) as sends:
        for _ in range(3):
            assert sends.send_image("porch", image) == b"OK"
            assert sends.send_jpg("porch", encode(image, 90)) == b"OK"
            assert sends.send_image("porch", image[:, ::2]) == b"OK"
    assert camera.answers()


def test_both_kinds_of_picture_are_watched_and_the_newest_wins(address: str) -> None:
    camera = source(f"zmq:{address}/porch")
    camera.open()
    with sender(address) as sends:
        for number in range(5):
            sends.send_image("porch", clips.picture(number))
        sorted_out(sends)
        assert clips.number_of(camera.read()) == 4
        sends.send_jpg("porch", encode(clips.picture(12), 90))
        assert clips.number_of(camera.read()) == 12
    camera.close()


def test_who_is_no_camera_is_answered_and_noted_once(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    source(f"zmq:{address}/porch").attend()
    long = "x\n\x1b[31m" + "y" * 100
    with caplog.at_level(logging.WARNING), sender(address) as sends:
        for name in (long, long, *(f"name {number}" for number in range(MAX_STRANGERS))):
            assert sends.send_jpg(name, b"") == b"OK"
        sorted_out(sends)
    told = [record.getMessage() for record in caplog.records]
    assert told[0].startswith("x??[31m" + "y" * 33 + " sends to tcp://127.0.0.1:")
    assert len(told) == MAX_STRANGERS


def test_bad_messages_are_answered_and_harm_nothing(
    address: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    camera = source(f"zmq:{address}/porch")
    camera.open()
    hub = hub_at(address)
    messages = [
        [b""],
        [b"{}", b""],
        [b"not json", b"x"],
        [b"a", b"b", b"c"],
        [b'{"msg": "porch"}', b"no JPEG"],
    ]
    with zmq.Context() as context, context.socket(zmq.REQ) as sends:
        sends.linger = 0
        sends.rcvtimeo = 5000
        sends.connect(address)
        for parts in messages:
            sends.send_multipart(parts)
            assert sends.recv() == b"OK"
    with monkeypatch.context() as patch, pytest.raises(SourceTimeoutError):
        patch.setattr(module, "TIMEOUT", 0.2)
        camera.read()
    assert hub.bad == len(messages)
    assert len([record for record in caplog.records if record.name == "streamer.sources.hub"]) == 1
    with sender(address) as good:
        good.send_image("porch", clips.picture(5))
        assert clips.number_of(camera.read()) == 5
    camera.close()


def test_a_part_beyond_the_limit_is_not_taken(address: str) -> None:
    """Its sender is disconnected; it and the others can go on."""
    camera = source(f"zmq:{address}/porch")
    camera.open()
    with zmq.Context() as context, context.socket(zmq.REQ) as sends:
        sends.linger = 0
        sends.rcvtimeo = 500
        sends.connect(address)
        sends.send_multipart([b'{"msg": "porch"}', bytes(3840 * 2160 * 3 + 1)])
        with pytest.raises(zmq.Again):
            sends.recv()
    with sender(address) as good:
        good.send_image("porch", clips.picture(5))
        assert clips.number_of(camera.read()) == 5
    camera.close()


def test_a_sender_killed_in_the_middle_of_an_exchange_wedges_nothing(address: str) -> None:
    """Half a message, or one whose answer nobody takes: the next sender has its turn."""
    camera = source(f"zmq:{address}/porch")
    camera.open()
    port = int(address.rpartition(":")[2])
    half = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import sys, zmq; s = zmq.Context().socket(zmq.REQ); s.connect(sys.argv[1]);"
            's.send(b\'{"msg": "porch"}\', zmq.SNDMORE); print(1, flush=True); sys.stdin.read()',
            address,
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    with half:
        assert half.stdout
        half.stdout.readline()
        half.kill()
    with socket.create_connection(("127.0.0.1", port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
    with sending(address, "porch") as killed:
        killed.kill()
    with sender(address) as good:
        good.send_image("porch", clips.picture(5))
        eventually(lambda: clips.number_of(camera.read()) == 5)
    camera.close()


def test_a_port_that_is_taken_is_told_in_words_and_tried_again(
    address: str, caplog: pytest.LogCaptureFixture
) -> None:
    camera = source(f"zmq:{address}/porch")
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        camera.attend()
        assert "Another program listens" in caplog.text
        assert not camera.answers()
        with pytest.raises(SourceError, match="Another program listens"):
            camera.open()
        camera.close()
    assert not camera.answers()  # but it listens now
    with sender(address) as sends:
        sends.send_image("porch", np.zeros((48, 64, 3), np.uint8))
    assert camera.answers()


def test_an_address_of_another_machine_is_told() -> None:
    with pytest.raises(SourceError, match="this server has not"):
        source("zmq:tcp://192.0.2.1:5555/porch").open()


def test_it_listens_on_this_machine_only_unless_more_is_written(address: str) -> None:
    source(f"zmq:{address}/porch").attend()
    port = int(address.rpartition(":")[2])
    # Another address of the same machine, as one of a network is.
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.2", port), 1)
    hub_at(address).stop()
    source(f"zmq:tcp://*:{port}/porch").attend()
    socket.create_connection(("127.0.0.2", port), 1).close()
    hub_at(f"tcp://0.0.0.0:{port}").stop()


def test_a_process_that_listens_can_end(address: str) -> None:
    code = f"from streamer.sources import source; source('zmq:{address}/porch').attend()"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=10)


def test_to_read_what_is_not_open_is_an_error(address: str) -> None:
    with pytest.raises(SourceError, match="not open"):
        source(f"zmq:{address}/porch").read()
