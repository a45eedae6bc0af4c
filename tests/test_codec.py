"""Decoding and encoding."""

import cv2
import numpy as np
import pytest

from streamer.codec import ArrayFrame, JpegFrame, encode
from streamer.errors import FrameError
from tests import footage


def opencv_jpeg(gray: bool) -> bytes:
    image = footage.shot().bgr
    image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if gray else image  # type: ignore[assignment]
    return cv2.imencode(".jpg", image)[1].tobytes()


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
