"""How clients speak: pictures only, or numbered frames and JSON; no I/O.

docs/protocol.md describes both.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Protocol

from msgspec import UNSET

from streamer import wire
from streamer.errors import Code, MessageError
from streamer.types import Result
from streamer.wire import (
    SUBPROTOCOL,
    ErrorMessage,
    Pace,
    Reply,
    ResultMessage,
    SettingsChange,
    WebcamMessage,
)

Message = str | bytes
"""A text message or a binary one."""

NUMBER_BYTES = 4

LEAST_FPS = 0.1
"""Frames a second that a client is told at the least: who divides by it shall not fail."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What is told of a frame: its number, how many were dropped, the milliseconds before it was
    begun, what came of it, and the picture, where one was asked for."""

    seq: int
    dropped: int
    wait: float
    result: Result
    jpeg: bytes | None


class Dialect(Protocol):
    """How one client speaks."""

    acknowledges: bool
    """Whether the client waits for answers, so that more than a few unanswered are a fault."""

    def read_frame(self, data: bytes) -> tuple[int, bytes]:
        """Return number and JPEG of a binary message; MessageError where it is none."""

    def read_text(self, text: str, max_bytes: int) -> WebcamMessage:
        """Return what a text message asks for; MessageError says why it cannot be used."""

    def read_query(self, query: Mapping[str, str]) -> SettingsChange:
        """Return the settings that the query of the hand-shake asks for; MessageError likewise."""

    def result(self, reply: Reply, answer: Answer) -> Message:
        """Return the message that tells what came of a frame."""

    def error(self, error: MessageError) -> Message | None:
        """Return the message that tells an error, None where the dialect has none."""

    def pace(self, window: int, fps: float | None) -> Message | None:
        """Return the message that asks for a pace: frames unanswered, and frames a second, None
        for as many as the limits allow; None where the dialect has no such message."""


class Plain:
    """Pictures only: whoever speaks it never gets JSON."""

    acknowledges = False

    def __init__(self) -> None:
        self._count = 0

    def read_frame(self, data: bytes) -> tuple[int, bytes]:
        self._count += 1
        return self._count, data

    def read_text(self, _text: str, _max_bytes: int) -> WebcamMessage:
        raise MessageError(
            Code.UNKNOWN_MESSAGE,
            f"Expected JPEG pictures only. Text belongs to the subprotocol {SUBPROTOCOL}.",
            fatal=True,
        )

    def read_query(self, query: Mapping[str, str]) -> SettingsChange:
        # A picture in base64 is all that this dialect has.
        return wire.read_query({name: query[name] for name in query if name != "reply"})

    def result(self, _reply: Reply, answer: Answer) -> str:
        return base64.b64encode(answer.jpeg or b"").decode("ascii")

    def error(self, _error: MessageError) -> None:
        return None

    def pace(self, _window: int, _fps: float | None) -> None:
        return None


class Version1:
    """The subprotocol `videostream.v1`."""

    acknowledges = True

    def __init__(self) -> None:
        self._last = -1

    def read_frame(self, data: bytes) -> tuple[int, bytes]:
        if len(data) <= NUMBER_BYTES:
            raise MessageError(
                Code.UNKNOWN_MESSAGE,
                f"Expected a binary message of {NUMBER_BYTES} bytes number (u32, little-endian) "
                f"and a JPEG, came {len(data)} bytes.",
                fatal=True,
            )
        seq = int.from_bytes(data[:NUMBER_BYTES], "little")
        if seq <= self._last:
            raise MessageError(
                Code.UNKNOWN_MESSAGE,
                f"Expected a frame number above {self._last}, came {seq}. Count frames upward.",
                fatal=True,
            )
        self._last = seq
        return seq, data[NUMBER_BYTES:]

    def read_text(self, text: str, max_bytes: int) -> WebcamMessage:
        return wire.read_webcam(text, max_bytes)

    def read_query(self, query: Mapping[str, str]) -> SettingsChange:
        return wire.read_query(query)

    def result(self, reply: Reply, answer: Answer) -> Message:
        wait, result, jpeg = answer.wait, answer.result, answer.jpeg
        message = ResultMessage(
            answer.seq,
            answer.dropped,
            {name: round(ms, 2) for name, ms in ({"wait": wait} | asdict(result.ms)).items()},
            wire.detections_json(result.detections),
            jpeg if reply == "base64" and jpeg else UNSET,
        )
        encoded = wire.encode(message)
        if reply == "binary":
            return len(encoded).to_bytes(4, "little") + encoded + (jpeg or b"")
        return encoded.decode()

    def error(self, error: MessageError) -> str:
        return wire.encode(ErrorMessage(error.code, str(error), error.seq)).decode()

    def pace(self, window: int, fps: float | None) -> str:
        return wire.encode(
            Pace(window, None if fps is None else max(LEAST_FPS, round(fps, 1)))
        ).decode()
