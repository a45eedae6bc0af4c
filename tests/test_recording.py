"""The times of a recording, by a clock that the tests turn."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from streamer.errors import SourceError
from streamer.sources.pacing import Pace
from streamer.sources.recording import LONGEST_STEP, Recording
from streamer.sources.video import Video
from tests import clips
from tests.clock import Clock


def play(path: Path, count: int) -> list[float]:
    """Return when each of the first `count` frames is given."""
    clock = Clock()

    def sleep(seconds: float) -> None:
        clock.now += seconds

    def read() -> Iterator[float]:
        for _ in range(count):
            recording.read()
            yield clock.now

    recording = Recording(Video(str(path)), lambda: Video(str(path)), Pace(clock, sleep))
    times = list(read())
    recording.close()
    return times


def test_there_is_no_gap_and_no_drift_where_it_starts_again(tmp_path: Path) -> None:
    clip = clips.write(tmp_path / "clip.mp4", 5)
    assert play(clip, 5000)[-1] == pytest.approx(4999 / clips.FPS)


def test_a_gap_in_a_recording_is_left_out(tmp_path: Path) -> None:
    """Cameras that record when something moves leave gaps of hours."""
    clip = clips.write(tmp_path / "clip.mkv", 3, times=[0, LONGEST_STEP + 1, LONGEST_STEP + 1.1])
    first, second, third = play(clip, 3)
    assert second - first < LONGEST_STEP
    assert third - second == pytest.approx(0.1)


def test_a_file_without_a_picture_does_not_spin(tmp_path: Path) -> None:
    clip = clips.write_noise(tmp_path / "clip.mkv")
    with pytest.raises(SourceError, match="no picture"):
        play(clip, 1)
