"""The gate, decoding and encoding."""

import struct

import cv2
import numpy as np
import pytest

from streamer.codec import ArrayFrame, JpegFrame, encode, read_header
from streamer.errors import Code, FrameError
from streamer.types import Limits
from tests import footage


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    """Return the JPEG with another size in its frame header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def opencv_jpeg(*options: int, gray: bool = False) -> bytes:
    image = footage.shot().bgr
    image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if gray else image  # type: ignore[assignment]
    return cv2.imencode(".jpg", image, options)[1].tobytes()


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
        JpegFrame(with_size(footage.jpeg(), side, side))


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
        (opencv_jpeg(cv2.IMWRITE_JPEG_PROGRESSIVE, 1), "progressive"),
        (footage.jpeg().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc1\x00\x11\x0c"), "12 bits"),
        (footage.jpeg().replace(b"\xff\xc0\x00\x11\x08", b"\xff\xc9\x00\x11\x08"), "0xc9"),
    ],
)
def test_what_is_no_picture_is_refused_with_the_reason(data: bytes, says: str) -> None:
    with pytest.raises(FrameError, match=says):
        JpegFrame(data)


def test_many_scans_are_refused() -> None:
    """A scan that lacks colours promises more of them; a decoder would follow."""
    jpeg = footage.jpeg()
    at = jpeg.index(b"\xff\xda")
    one_color = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
    with pytest.raises(FrameError, match="at most 4 scans, came 10001"):
        JpegFrame(jpeg[:at] + one_color * 10_000 + jpeg[at:].replace(b"\x03", b"\x02", 1))


def test_damage_behind_a_good_header_is_told_when_it_is_decoded() -> None:
    jpeg = footage.jpeg()
    middle = len(jpeg) // 2
    frame = JpegFrame(jpeg[:middle] + jpeg[-2:])
    with pytest.raises(FrameError, match="damaged"):
        _ = frame.bgr


def test_bytes_behind_the_picture_are_ignored() -> None:
    frame = JpegFrame(footage.jpeg() + bytes(1000))
    assert np.array_equal(frame.bgr, JpegFrame(footage.jpeg()).bgr)


@pytest.mark.parametrize("gray", [False, True])
def test_gray_and_colour_pictures_decode_as_opencv_decodes_them(gray: bool) -> None:
    jpeg = opencv_jpeg(gray=gray)
    expected = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert expected is not None
    difference = cv2.absdiff(JpegFrame(jpeg).bgr, expected)
    assert difference.mean() < 1


@pytest.mark.parametrize("size", [(640, 480), (641, 481), (1280, 721), (333, 222), (1920, 1080)])
def test_gray_and_reduced_are_the_same_whichever_way_they_are_made(size: tuple[int, int]) -> None:
    jpeg = encode(footage.shot(size=size).bgr, 90)
    straight, by_colour, by_gray = JpegFrame(jpeg), JpegFrame(jpeg), JpegFrame(jpeg)
    _ = by_colour.bgr, by_gray.gray
    assert straight.reduced.shape == by_colour.reduced.shape == by_gray.reduced.shape
    assert max(straight.reduced.shape) <= 480
    assert cv2.absdiff(straight.reduced, by_colour.reduced).mean() < 2
    assert cv2.absdiff(straight.gray, by_colour.gray).mean() < 2
    assert cv2.absdiff(straight.reduced, ArrayFrame(by_colour.bgr).reduced).mean() < 2


def test_each_form_is_decoded_once_and_its_time_is_told() -> None:
    frame = JpegFrame(footage.jpeg())
    assert frame.decode_seconds == 0
    assert frame.bgr is frame.bgr
    assert frame.gray is frame.gray
    assert frame.reduced is frame.reduced
    spent = frame.decode_seconds
    assert spent > 0
    _ = frame.bgr, frame.gray, frame.reduced
    assert frame.decode_seconds == spent


def test_quality_decides_the_size() -> None:
    image = footage.shot().bgr
    assert len(encode(image, 30)) < len(encode(image, 90)) / 2
