"""What clients say in JSON, for any text."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl

import msgspec

from streamer import wire
from streamer.errors import Code, MessageError

MAX_BYTES = 4096
READERS: tuple[Callable[[str, int], Any], ...] = (wire.read_webcam, wire.read_watch)
TOLD = {Code.UNKNOWN_MESSAGE, Code.BAD_JSON, Code.TOO_LARGE}
"""What docs/protocol.md has for a text message that cannot be used."""


def target(data: bytes) -> None:
    """Try the bytes as a text message, and as the query of a hand-shake."""
    try_text(data.decode(errors="replace"))
    try_query(data.decode("latin-1"))


def try_text(text: str) -> list[msgspec.Struct]:
    """Return what each reader makes of the text; what is no MessageError raises."""
    messages = []
    for read in READERS:
        try:
            message = read(text, MAX_BYTES)
        except MessageError as error:
            assert error.code in TOLD, error
            _check_told(error)
        else:
            assert len(text.encode()) <= MAX_BYTES
            assert read(wire.encode(message).decode(), 2 * MAX_BYTES) == message
            messages.append(message)
    return messages


def try_query(query: str) -> wire.SettingsChange | None:
    """Return the settings that a query string asks for, None where it cannot be used."""
    try:
        change = wire.read_query(dict(parse_qsl(query, keep_blank_values=True)))
    except MessageError as error:
        assert error.code is Code.BAD_JSON, error
        _check_told(error)
        return None
    assert wire.read_webcam(wire.encode(change).decode(), 1 << 20) == change
    return change


def _check_told(error: MessageError) -> None:
    """Fail where the error cannot be told."""
    told = json.loads(wire.encode(wire.ErrorMessage(error.code, str(error))))
    assert told == {"type": "error", "code": int(error.code), "message": str(error)}
