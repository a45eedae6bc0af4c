"""The simulated camera: paced, cheap, and never the same picture twice."""

import time
from datetime import datetime, timedelta
from itertools import pairwise

import numpy as np
import pytest
import simplejpeg

from streamer.codec import encode
from streamer.errors import SettingsError
from streamer.sources.pattern import FPS, LOOP, PatternSource


@pytest.fixture
def camera() -> PatternSource:
    made = PatternSource("pattern:")
    made.open()
    return made


def test_it_gives_thirty_frames_a_second(camera: PatternSource) -> None:
    start = time.monotonic()
    frames = [camera.read() for _ in range(FPS // 2 + 1)]
    assert time.monotonic() - start == pytest.approx(0.5, abs=0.2)
    assert {(frame.width, frame.height) for frame in frames} == {(640, 480)}


def test_each_frame_is_another_picture_after_coding_too(camera: PatternSource) -> None:
    moment = datetime(2024, 5, 6, 23, 59, 59, 999_000)
    for low in (80, 30):
        pictures = [
            simplejpeg.decode_jpeg(encode(camera.draw(number, moment), low), "GRAY")
            for number in range(45)
        ]
        for before, after in pairwise(pictures):
            assert np.count_nonzero(np.abs(before.astype(int) - after) > 40) > 20


def test_shapes_and_numerals_stay_in_the_picture_all_the_time(camera: PatternSource) -> None:
    for number in range(0, FPS * LOOP, 7):
        camera.draw(number + 999_990, datetime(2024, 1, 1) + timedelta(seconds=number * 997))


def test_the_clock_shows_milliseconds(camera: PatternSource) -> None:
    moment = datetime(2024, 5, 6, 7, 8, 9, 123_456)
    same = camera.draw(1, moment + timedelta(microseconds=500))
    other = camera.draw(1, moment + timedelta(milliseconds=1))
    assert (camera.draw(1, moment) == same).all()
    assert not (camera.draw(1, moment) == other).all()


def test_a_spec_with_more_is_refused() -> None:
    with pytest.raises(SettingsError, match="Expected pattern:"):
        PatternSource("pattern:x")
