"""Messages of `videostream.v1` that cannot be used, one kind a line."""

from __future__ import annotations

import json
import struct
from typing import NamedTuple

from websockets.typing import Data

from streamer.codec import encode
from streamer.errors import Code
from tests import footage


class BadMessage(NamedTuple):
    """What is sent, of which the last cannot be used; the code of the error that answers it, a
    pattern of that error's words, and whether it ends the connection."""

    messages: tuple[Data, ...]
    code: Code
    says: str
    ends: bool = True


def _settings(name: str, value: str) -> tuple[str]:
    """Return a message that asks for a setting whose value is any text."""
    return (f'{{"type":"settings","{name}":{value}}}',)


SMALL = encode(footage.shot(size=(64, 48), zoom=0.125).bgr, 70)
"""A good picture."""
AS_BEFORE = ".* The settings are as they were"
DEEP = "[" * 2000 + "]" * 2000
BAD, TYPE, SIZE = Code.BAD_JSON, Code.UNKNOWN_MESSAGE, Code.TOO_LARGE

BAD_MESSAGES = {
    "no-json": BadMessage(("{",), BAD, "Expected JSON such as .* truncated"),
    "empty-text": BadMessage(("",), BAD, "Expected JSON such as"),
    "half-a-character": BadMessage(('{"type":"\\ud800"}',), BAD, "Expected JSON such as"),
    "no-object": BadMessage(("[1, 2]",), BAD, "Expected JSON such as .* got `array`"),
    "no-type": BadMessage(("{}",), BAD, "Expected JSON such as .* missing .*`type`"),
    "deep": BadMessage((DEEP,), BAD, "Expected JSON such as"),
    "deep-part": BadMessage(_settings("x", DEEP), BAD, "Expected JSON such as"),
    "deep-setting": BadMessage(_settings("width", DEEP), BAD, "Expected JSON such as"),
    "nan": BadMessage(_settings("quality", "NaN"), BAD, "Expected JSON such as"),
    "infinity": BadMessage(_settings("quality", "-Infinity"), BAD, "Expected JSON such as"),
    "huge-integer": BadMessage(_settings("quality", "9" * 3000), BAD, AS_BEFORE, ends=False),
    "huge-float": BadMessage(_settings("width", "1e999"), BAD, AS_BEFORE, ends=False),
    "wrong-type": BadMessage(
        _settings("detectors", '{"motion":1}'), BAD, r"\$.detectors`" + AS_BEFORE, ends=False
    ),
    "out-of-range": BadMessage(
        _settings("quality", "0"), BAD, r"`int` >= 1 - at `\$.quality`" + AS_BEFORE, ends=False
    ),
    "unknown-setting": BadMessage(
        _settings("colour", '"red"'), BAD, "unknown field `colour`" + AS_BEFORE, ends=False
    ),
    "unknown-detector": BadMessage(
        _settings("detectors", '["hands"]'), BAD, "motion, .*'hands'" + AS_BEFORE, ends=False
    ),
    "unknown-message": BadMessage(
        ('{"type":"dance"}',), TYPE, "type settings, share, unshare; came 'dance'"
    ),
    "number-as-type": BadMessage(('{"type":1e400}',), BAD, "Expected JSON such as"),
    "over-4-kib": BadMessage(
        (json.dumps({"type": "settings", "x": "x" * 4096}),), SIZE, "at most 4096 bytes, came 4125"
    ),
    "no-number": BadMessage((b"\1\2",), TYPE, "4 bytes number .* and a JPEG, came 2 bytes"),
    "no-picture": BadMessage((bytes(4),), TYPE, "and a JPEG, came 4 bytes"),
    "over-512-kib": BadMessage(
        (bytes(4) + footage.jpeg().ljust(524_289, b"\0"),),
        SIZE,
        "at most 524288 bytes, came 524289. Send a smaller",
    ),
    "number-that-does-not-grow": BadMessage(
        (struct.pack("<I", 7) + SMALL,) * 2, TYPE, "above 7, came 7. Count frames upward"
    ),
    "number-that-falls": BadMessage(
        (struct.pack("<I", 2**32 - 1) + SMALL, bytes(4) + SMALL),
        TYPE,
        "above 4294967295, came 0. Count frames upward",
    ),
}
"""By what is wrong with them. Who speaks plainly is closed for any text with 4000."""
