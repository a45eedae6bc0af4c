"""What is let through to the decoder, and why the rest is not."""

import pytest

from streamer.errors import Code, FrameError
from streamer.gate import read_header
from streamer.types import Limits
from tests import footage
from tests.bad_pictures import ONE_COLOUR, progressive_jpeg, with_scans, with_size


def test_reads_the_size_of_a_camera_picture() -> None:
    assert read_header(footage.jpeg(), Limits())[:2] == (640, 480)


@pytest.mark.parametrize(
    ("limits", "passes"),
    [
        (Limits(max_pixels=640 * 480), True),
        (Limits(max_pixels=640 * 480 - 1), False),
        (Limits(max_side=640), True),
        (Limits(max_side=639), False),
    ],
)
def test_limits_are_exact(limits: Limits, passes: bool) -> None:
    if passes:
        read_header(footage.jpeg(), limits)
    else:
        with pytest.raises(FrameError, match="640 x 480") as caught:
            read_header(footage.jpeg(), limits)
        assert caught.value.code is Code.TOO_LARGE


@pytest.mark.parametrize("side", [20_000, 65_500])
def test_a_header_that_claims_a_gigabyte_is_refused_before_decoding(side: int) -> None:
    with pytest.raises(FrameError, match=f"{side} x {side}"):
        read_header(with_size(footage.jpeg(), side, side), Limits())


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "nothing"),
        (b"hello", "start with 68 65"),
        (b"\x89PNG\r\n\x1a\n" + bytes(64), "Expected a JPEG"),
        (footage.jpeg()[:300], "damaged header"),
        (footage.jpeg()[:9000], "ends before"),
        (b"\xff\xd8" + b"\xff\xe0\x00\x02" * 100_000, "damaged header"),
        (b"\xff\xd8" + b"\xff" * 500_000, "damaged header"),
        (b"\xff\xd8\xff\xc0\x00\x02" + bytes(64), "cut short"),
        (with_size(footage.jpeg(), 8, 480), "at least 16"),
        (progressive_jpeg(), "progressive"),
        (footage.jpeg().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"), "12 bits"),
        (footage.jpeg().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc9\x00\x11\x08"), "0xc9"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(data: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        read_header(data, Limits())


@pytest.mark.parametrize(("scans", "passes"), [(4, True), (5, False), (10_001, False)])
def test_scans_are_counted_where_one_lacks_colours(scans: int, passes: bool) -> None:
    """A scan that lacks colours promises more of them; a decoder would follow."""
    made = with_scans(footage.jpeg(), scans)
    if passes:
        read_header(made, Limits())
    else:
        with pytest.raises(FrameError, match="at most 4 scans"):
            read_header(made, Limits())


@pytest.mark.parametrize("marker", [0x00, 0x01, 0x02, 0xD0, 0xD7, 0xD8, 0xD9, 0xDC, 0xCC, 0xF0])
def test_no_header_hides_behind_a_marker_that_has_no_length(marker: int) -> None:
    """To a decoder ff 01 and ff d0 are over after two bytes: it would read the large header."""
    jpeg = footage.jpeg()
    scan = jpeg.index(b"\xff\xda")
    hidden = with_size(jpeg, 20_000, 20_000)[2 : scan + 14]
    length = int.from_bytes(hidden[:2])  # ff e0, which to a decoder begins a segment
    inside = bytes([0xFF, marker]) + hidden.ljust(length, b"\0")
    with pytest.raises(FrameError, match="damaged header"):
        read_header(jpeg[:2] + inside + jpeg[2:], Limits())


@pytest.mark.parametrize("marker", [0xE1, 0xFE, 0xDC])
def test_an_end_inside_a_segment_ends_no_count_of_scans(marker: int) -> None:
    jpeg = footage.jpeg()
    segment = bytes([0xFF, marker]) + b"\x00\x06\xff\xd9\x00\x00"
    made = jpeg[: jpeg.index(b"\xff\xda")] + ONE_COLOUR + segment + ONE_COLOUR * 10_000
    for end in (b"", b"\xff\xd9"):
        with pytest.raises(FrameError, match="at most 4 scans"):
            read_header(made + end, Limits())
    with pytest.raises(FrameError, match="ends before"):
        read_header(made[: made.index(segment) + len(segment)], Limits())


def test_scans_behind_the_picture_are_not_counted() -> None:
    jpeg = footage.jpeg()
    at = jpeg.index(b"\xff\xda")
    read_header(jpeg[:at] + ONE_COLOUR + jpeg[at:] + ONE_COLOUR * 10 + b"\xff\xd9", Limits())


def test_segments_between_scans_are_few() -> None:
    jpeg = footage.jpeg()
    made = jpeg[: jpeg.index(b"\xff\xda")] + ONE_COLOUR + b"\xff\xfe\x00\x02" * 64 + jpeg[-2:]
    with pytest.raises(FrameError, match="64 segments"):
        read_header(made, Limits())


def test_the_end_of_a_thumbnail_is_not_the_end_of_the_picture() -> None:
    jpeg = footage.jpeg()
    thumbnail = b"\xff\xe1\x00\x06\xff\xd9\x00\x00"
    whole = jpeg[:2] + thumbnail + jpeg[2:]
    read_header(whole, Limits())
    with pytest.raises(FrameError, match="ends before"):
        read_header(whole[:-2], Limits())


def test_fill_bytes_before_a_marker_are_allowed() -> None:
    jpeg = footage.jpeg()
    assert read_header(jpeg[:2] + b"\xff\xff\xff" + jpeg[2:], Limits())[:2] == (640, 480)
