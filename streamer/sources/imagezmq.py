"""What ImageZMQ's ImageSender sends: a JSON header, and a JPEG or the bytes of an array.

send_jpg     {"msg": NAME}                                        JPEG
send_image   {"msg": NAME, "dtype": "uint8", "shape": [h, w, 3]}  pixels, blue-green-red
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple
from urllib.parse import unquote

import cv2
import msgspec
import numpy as np

from streamer.codec import ArrayFrame, JpegFrame
from streamer.errors import Code, FrameError, SettingsError
from streamer.types import Frame, Image, Limits

LIMITS = Limits(max_bytes=8_000_000, max_pixels=3840 * 2160, max_side=4096)
"""For cameras that their owner set up; whoever reaches the port can send, so it is not more."""

MAX_PART_BYTES = LIMITS.max_pixels * 3
MAX_HEADER_BYTES = 4096

ANY = "0.0.0.0"  # noqa: S104, for who writes it
"""The host of who listens at every address."""

ADDRESS = re.compile(r"tcp://(?P<host>[\w.*-]+|\[[\da-fA-F:.]+\]):(?P<port>\d{1,5})/(?P<name>.+)")


class Sender(NamedTuple):
    """Where a sender is met, and its name."""

    host: str
    port: int
    name: str

    @property
    def address(self) -> str:
        """The address as ZeroMQ takes it."""
        return f"tcp://{self.host}:{self.port}"

    @classmethod
    def of(cls, spec: str) -> Sender:
        """Return what `zmq:tcp://HOST:PORT/NAME` says; the name may be percent-encoded."""
        match = ADDRESS.fullmatch(spec.partition(":")[2])
        if match is None or not 0 < int(match["port"]) < 65536:
            raise SettingsError(
                "Expected an address and a sender's name, such as zmq:tcp://127.0.0.1:5555/NAME or "
                "zmq+sub:tcp://HOST:5555/NAME, came another."
            )
        # One spelling each: cameras with one address share a socket, and ZeroMQ binds to no name.
        host = {"localhost": "127.0.0.1", "*": ANY}.get(match["host"], match["host"])
        return cls(host, int(match["port"]), unquote(match["name"]))


class Header(msgspec.Struct):
    """The first part of a message; an array has a type and a shape."""

    msg: str
    dtype: str | None = None
    shape: tuple[int, ...] | None = None


class Message(NamedTuple):
    """A message whose header has been read, and its picture not yet."""

    header: Header
    payload: memoryview

    @property
    def name(self) -> str:
        """The sender's name."""
        return self.header.msg

    @classmethod
    def of(cls, parts: Sequence[memoryview]) -> Message:
        """Return the message of these parts; FrameError where they are none."""
        if len(parts) != 2:
            raise _refusal(f"Expected a header and a picture, came {len(parts)} parts.")
        if len(parts[0]) > MAX_HEADER_BYTES:
            raise _refusal(f"Expected a header of {MAX_HEADER_BYTES} bytes at most, came more.")
        try:
            return cls(msgspec.json.decode(parts[0], type=Header), parts[1])
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise _refusal(f"The header is not ImageZMQ's: {error}.") from None

    def frame(self) -> Frame:
        """Return the picture; FrameError where it is none, or beyond the limits."""
        if self.header.shape is None:
            if self.payload.nbytes > LIMITS.max_bytes:
                raise _refusal(f"Expected {LIMITS.max_bytes} bytes at most, came more.")
            return JpegFrame(bytes(self.payload), LIMITS)
        return ArrayFrame(self._array(self.header.shape))

    def _array(self, shape: tuple[int, ...]) -> Image:
        if self.header.dtype != "uint8" or len(shape) not in (2, 3) or shape[2:] not in ((), (3,)):
            raise _refusal("Expected an array of uint8, (h, w, 3) or (h, w), came another.")
        height, width = shape[:2]
        if not (
            LIMITS.min_side <= min(width, height) <= max(width, height) <= LIMITS.max_side
            and width * height <= LIMITS.max_pixels
        ):
            raise _refusal(
                f"Expected {LIMITS.min_side} to {LIMITS.max_side} pixels a side, and "
                f"{LIMITS.max_pixels} in all, came {width} x {height}."
            )
        count = height * width * (3 if len(shape) == 3 else 1)
        if self.payload.nbytes != count:
            raise _refusal(f"Expected {count} bytes for {shape}, came {self.payload.nbytes}.")
        pixels = np.frombuffer(self.payload, np.uint8).reshape(shape)
        # Either way a copy: the message's own memory cannot be drawn on.
        if pixels.ndim == 2:
            return cv2.cvtColor(pixels, cv2.COLOR_GRAY2BGR)  # type: ignore[return-value]
        return pixels.copy()


def _refusal(words: str) -> FrameError:
    return FrameError(Code.UNKNOWN_MESSAGE, f"{words} Send with imagezmq.ImageSender.")
