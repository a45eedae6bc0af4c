"""Binary messages of both dialects, whatever they hold."""

from __future__ import annotations

import base64
import json
import struct

from hypothesis import example, given
from hypothesis import strategies as st

from fuzz.dialects import try_session
from streamer.dialects import LEAST_FPS, Answer, Plain, Version1
from streamer.types import Detections, Result, Timings

RESULT = Result(Detections((640, 480)), {}, Timings(1, 2, 3, 4))
numbers = st.integers(0, 2**32 - 1) | st.integers(0, 20)


@given(st.lists(st.binary(max_size=12), max_size=20))
@example([b"", b"\0\0\0\0", b"\0\0\0\0x", b"\0\0\0\0x", b"\xff\xff\xff\xffx", b"\0\0\0\0x"])
def test_any_bytes_are_a_frame_or_an_error(messages: list[bytes]) -> None:
    try_session(messages)


@given(st.lists(numbers, max_size=30))
def test_numbers_only_grow(sent: list[int]) -> None:
    read = try_session(struct.pack("<I", seq) + b"jpeg" for seq in sent)
    assert read == [seq for at, seq in enumerate(sent) if seq > max(sent[:at], default=-1)]


@given(numbers, numbers, st.floats(0, 1e6), st.binary(min_size=1, max_size=40))
def test_an_answer_has_its_picture_in_each_form(
    seq: int, dropped: int, wait: float, jpeg: bytes
) -> None:
    answer = Answer(seq, dropped, wait, RESULT, jpeg)
    inside = json.loads(Version1().result("base64", answer))
    assert base64.b64decode(inside.pop("image")) == jpeg
    behind = Version1().result("binary", answer)
    assert isinstance(behind, bytes)
    (length,) = struct.unpack_from("<I", behind)
    assert json.loads(behind[4 : 4 + length]) == inside
    assert behind[4 + length :] == jpeg
    assert json.loads(Version1().result("results", answer)) == inside
    assert (inside["seq"], inside["dropped"]) == (seq, dropped)
    assert base64.b64decode(Plain().result("results", answer)) == jpeg


@given(st.integers(0, 1000), st.none() | st.floats(0, 1e6))
def test_nobody_is_told_a_pace_of_nothing(window: int, fps: float | None) -> None:
    told = json.loads(Version1().pace(window, fps))
    assert told["window"] == window
    assert told["fps"] is None if fps is None else told["fps"] >= LEAST_FPS
