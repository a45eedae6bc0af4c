"""What is let through to the decoder, whatever comes."""

from __future__ import annotations

import sys
import tracemalloc
from types import FrameType
from typing import Any

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fuzz.gate import try_picture
from fuzz.seeds import small_pictures
from streamer import gate
from streamer.codec import JpegFrame
from streamer.errors import FrameError
from streamer.gate import START, read_header
from streamer.types import Limits
from tests.bad_pictures import ONE_COLOUR, with_size

PICTURES = small_pictures()
WHOLE = [jpeg for name, jpeg in PICTURES.items() if name not in ("progressive", "scans")]
MOST_LINES = 3000
"""Of Python, for 64 segments of the header and 64 from the first scan on."""
MOST_MEMORY = 256 << 10

sides = st.integers(0, 65_535)
segments = st.builds(
    lambda marker, length, inside: bytes([0xFF, marker]) + length.to_bytes(2) + inside,
    st.integers(0, 255),
    st.integers(0, 20) | sides,
    st.binary(max_size=24),
)
made_up = st.lists(segments | st.binary(max_size=8), max_size=90).map(
    lambda parts: START[:2] + b"".join(parts)
)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a picture with a part that something else stands in for."""
    jpeg = draw(st.sampled_from(list(PICTURES.values())))
    start = draw(st.integers(0, len(jpeg)))
    end = draw(st.integers(start, min(len(jpeg), start + 64)))
    return jpeg[:start] + draw(st.binary(max_size=24) | segments) + jpeg[end:]


def work(jpeg: bytes) -> int:
    """Return how many lines of the gate it takes to read the header."""
    lines = 0

    def count(frame: FrameType, event: str, _argument: Any) -> Any:
        nonlocal lines
        if frame.f_code.co_filename != gate.__file__:
            return None  # what Python does meanwhile, such as collecting garbage
        lines += event == "line"
        return count

    before = sys.gettrace()
    sys.settrace(count)
    try:
        read_header(jpeg, Limits())
    except FrameError:
        pass
    finally:
        sys.settrace(before)
    return lines


@given(st.binary(max_size=200) | st.binary(max_size=200).map(START.__add__) | made_up)
@example(b"")
@example(START)
@example(START + b"\xff" * 70)
@example(PICTURES["progressive"])
def test_any_bytes_are_a_picture_or_refused(data: bytes) -> None:
    try_picture(data, Limits())


@given(damaged())
def test_a_damaged_picture_is_a_picture_or_refused(data: bytes) -> None:
    try_picture(data, Limits())


@given(
    sides,
    sides,
    st.builds(Limits, max_pixels=st.integers(1, 1 << 22), max_side=st.integers(1, 4096)),
)
@example(2048, 1025, Limits())
@example(2048, 1026, Limits())
def test_what_passes_is_within_any_limits(width: int, height: int, limits: Limits) -> None:
    within = (
        width * height <= limits.max_pixels
        and max(width, height) <= limits.max_side
        and min(width, height) >= limits.min_side
    )
    jpeg = with_size(PICTURES["64x48"], width, height)
    if within:
        assert read_header(jpeg, limits)[:2] == (width, height)
    else:
        with pytest.raises(FrameError, match=f"{width} x {height}"):
            read_header(jpeg, limits)


@given(sides, sides)
def test_the_work_is_the_same_whatever_size_a_header_claims(width: int, height: int) -> None:
    least = work(with_size(PICTURES["64x48"], 64, 48))
    assert work(with_size(PICTURES["64x48"], width, height)) <= least + 10


@given(made_up | damaged(), st.integers(0, 5000))
@example(START[:2], 0)
def test_the_work_has_an_end(data: bytes, scans: int) -> None:
    assert work(data) <= MOST_LINES
    at = data.find(b"\xff\xda")
    assert work(data[:at] + ONE_COLOUR * scans + data[at:]) <= MOST_LINES


@pytest.mark.parametrize(
    "byte", [b"\xff", b"\xff\xd0", b"\xff\x00", b"\xff\xfe\x00\x02", ONE_COLOUR]
)
def test_a_large_message_is_read_in_little_memory(byte: bytes) -> None:
    jpeg = PICTURES["64x48"]
    at = jpeg.index(b"\xff\xda")
    large = jpeg[:at] + ONE_COLOUR + byte * (500_000 // len(byte)) + jpeg[at:]
    assert work(large) <= MOST_LINES
    tracemalloc.start()
    try:
        work(large)
        assert tracemalloc.get_traced_memory()[1] < MOST_MEMORY
    finally:
        tracemalloc.stop()


@given(st.sampled_from(WHOLE), st.binary(max_size=200) | st.sampled_from(WHOLE))
@example(PICTURES["64x48"], ONE_COLOUR * 10 + b"\xff\xd9")
def test_bytes_behind_a_whole_picture_change_nothing(jpeg: bytes, behind: bytes) -> None:
    alone, followed = JpegFrame(jpeg), JpegFrame(jpeg + behind)
    assert np.array_equal(alone.bgr, followed.bgr)
    assert np.array_equal(alone.gray, followed.gray)


@given(st.sampled_from(list(PICTURES.values())), st.data())
def test_a_picture_that_is_cut_is_a_picture_or_refused(jpeg: bytes, data: st.DataObject) -> None:
    cut = jpeg[: data.draw(st.integers(0, len(jpeg)))]
    assert not try_picture(cut, Limits()) or jpeg == cut
    try_picture(cut + b"\xff\xd9", Limits())


@given(
    st.tuples(st.integers(16, 96), st.integers(16, 96)), st.integers(1, 100), st.booleans(),
    st.binary(min_size=1, max_size=64),
)  # fmt: skip
def test_whatever_a_camera_sees_passes(
    size: tuple[int, int], quality: int, gray: bool, noise: bytes
) -> None:
    shape = (*size, 1 if gray else 3)
    pixels = np.resize(np.frombuffer(noise, np.uint8), shape)
    jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
    assert try_picture(jpeg, Limits())
