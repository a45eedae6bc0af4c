"""ImageZMQ's messages: what is read of them, and what is refused before it costs anything."""

import json
import tracemalloc
from typing import Any

import cv2
import numpy as np
import pytest

from streamer.codec import JpegFrame, encode
from streamer.errors import FrameError, SettingsError
from streamer.sources.imagezmq import LIMITS, MAX_HEADER_BYTES, Message, Sender
from streamer.types import Frame
from tests import clips, footage


def frame_of(header: Any, payload: bytes) -> Frame:
    return message_of(json.dumps(header).encode(), payload).frame()


def message_of(*parts: bytes) -> Message:
    return Message.of([memoryview(part) for part in parts])


def test_a_jpeg_is_decoded_when_it_is_looked_at() -> None:
    frame = frame_of({"msg": "porch"}, encode(clips.picture(7), 90))
    assert type(frame) is JpegFrame
    assert clips.number_of(frame) == 7


def test_an_array_is_a_picture_that_can_be_drawn_on() -> None:
    image = footage.shot(size=(322, 242)).bgr
    header = {"msg": "porch", "dtype": "uint8", "shape": image.shape}
    frame = frame_of(header, image.tobytes())
    assert (frame.bgr == image).all()
    cv2.line(frame.bgr, (0, 0), (9, 9), (0, 0, 255))


def test_a_grey_array_is_a_picture_too() -> None:
    gray = np.arange(64 * 48, dtype=np.uint8).reshape(48, 64)
    frame = frame_of({"msg": "porch", "dtype": "uint8", "shape": gray.shape}, gray.tobytes())
    assert frame.bgr.shape == (48, 64, 3)
    assert (frame.gray == gray).all()


@pytest.mark.parametrize(
    "header",
    [
        {"dtype": "float64", "shape": [48, 64, 3]},
        {"dtype": "object", "shape": [48, 64, 3]},
        {"dtype": None, "shape": [48, 64, 3]},
        {"dtype": "uint8", "shape": [48, 64, 4]},
        {"dtype": "uint8", "shape": [48, 64, 3, 1]},
        {"dtype": "uint8", "shape": [9216]},
        {"dtype": "uint8", "shape": []},
        {"dtype": "uint8", "shape": [-48, -64, 3]},
        {"dtype": "uint8", "shape": [1, 3072, 3]},
        {"dtype": "uint8", "shape": [47, 64, 3]},
        {"dtype": "uint8", "shape": [100_000, 100_000, 3]},
        {"dtype": "uint8", "shape": [4096, 4096]},
        {"dtype": "uint8", "shape": [1 << 62, 1 << 62, 3]},
        {"dtype": "uint8", "shape": [10**400, 64, 3]},
    ],
)
def test_an_array_that_is_no_picture_is_refused_before_anything_is_allocated(
    header: dict[str, Any],
) -> None:
    payload = bytes(48 * 64 * 3)
    tracemalloc.start()
    with pytest.raises(FrameError, match=r"ImageSender\.$"):
        frame_of({"msg": "porch", **header}, payload)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 200_000


def test_jpegs_pass_the_gate() -> None:
    with pytest.raises(FrameError, match="Expected a JPEG"):
        frame_of({"msg": "porch"}, b"GIF89a")
    with pytest.raises(FrameError, match="bytes at most"):
        frame_of({"msg": "porch"}, bytes(LIMITS.max_bytes + 1))


@pytest.mark.parametrize(
    "parts",
    [
        (),
        (b"{}",),
        (b"{}", b""),
        (b'{"msg": "a"}', b"", b""),
        (b"not json", b""),
        (b"\xff\xfe", b""),
        (b'{"msg": "\xff"}', b""),
        (b'{"msg": 7}', b""),
        (b'["msg"]', b""),
        (b'{"msg": "a", "shape": "9x9"}', b""),
        (b'{"msg": "' + b"a" * MAX_HEADER_BYTES + b'"}', b""),
        (b"[" * MAX_HEADER_BYTES, b""),
        (b'{"msg": "a", "x": ' + b"[" * 1900 + b"]" * 1900 + b"}", b""),
    ],
)
def test_what_is_no_message_is_refused(parts: tuple[bytes, ...]) -> None:
    with pytest.raises(FrameError, match=r"came|header"):
        message_of(*parts)


@pytest.mark.parametrize(
    ("spec", "address", "name"),
    [
        ("zmq:tcp://127.0.0.1:5555/porch", "tcp://127.0.0.1:5555", "porch"),
        ("zmq:tcp://localhost:5555/porch", "tcp://127.0.0.1:5555", "porch"),
        ("zmq:tcp://*:5555/porch", "tcp://0.0.0.0:5555", "porch"),
        ("zmq+sub:tcp://pi.local:5556/front%20door", "tcp://pi.local:5556", "front door"),
        ("zmq+sub:tcp://[::1]:5556/a/b", "tcp://[::1]:5556", "a/b"),
    ],
)
def test_a_spec_names_an_address_and_a_sender(spec: str, address: str, name: str) -> None:
    sender = Sender.of(spec)
    assert (sender.address, sender.name) == (address, name)


@pytest.mark.parametrize(
    "spec",
    [
        "zmq:",
        "zmq:tcp://127.0.0.1:5555",
        "zmq:tcp://127.0.0.1:5555/",
        "zmq:tcp://127.0.0.1/porch",
        "zmq:tcp://127.0.0.1:0/porch",
        "zmq:tcp://127.0.0.1:65536/porch",
        "zmq:ipc:///tmp/socket/porch",
        "zmq:tcp://a b:5555/porch",
    ],
)
def test_a_spec_without_either_is_refused(spec: str) -> None:
    with pytest.raises(SettingsError, match="Expected an address and a sender's name"):
        Sender.of(spec)
