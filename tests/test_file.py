"""Clips at their own speed, over and over."""

import time
from itertools import pairwise
from pathlib import Path

import pytest

from streamer.errors import SettingsError, SourceError
from streamer.sources import source
from streamer.sources.file import FileSource
from tests import clips


@pytest.mark.parametrize("codec", ["libx264", "mjpeg"])
def test_a_clip_plays_at_its_own_speed_and_then_again(tmp_path: Path, codec: str) -> None:
    pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
    clip = clips.write(tmp_path / "clip.mov", codec=codec, pix_fmt=pix_fmt)
    camera = source(f"file:{clip}")
    camera.open()
    start = time.monotonic()
    seen, times = [], []
    for _ in range(26):
        seen.append(clips.number_of(camera.read()))
        times.append(time.monotonic() - start)
    camera.close()
    assert seen == [number % 10 for number in range(26)]
    due = [number / clips.FPS for number in range(26)]
    assert max(late - at for late, at in zip(times, due, strict=True)) < 0.2
    assert min(late - at for late, at in zip(times, due, strict=True)) > -0.02
    # What is made up for after a delay is small: the last is on time.
    assert times[-1] == pytest.approx(1.0, abs=0.1)


def test_the_times_of_the_frames_count_and_not_a_rate(tmp_path: Path) -> None:
    clip = clips.write(tmp_path / "clip.mp4", 4, times=[0, 0.04, 0.34, 0.38])
    camera = FileSource(f"file:{clip}")
    camera.open()
    times = []
    for _ in range(4):
        camera.read()
        times.append(time.monotonic())
    camera.close()
    assert [after - before for before, after in pairwise(times)] == pytest.approx(
        [0.04, 0.3, 0.04], abs=0.03
    )


def test_a_clip_that_is_gone_ends_in_words(tmp_path: Path) -> None:
    clip = clips.write(tmp_path / "clip.mp4", 2)
    camera = FileSource(f"file:{clip}")
    assert camera.answers()
    camera.open()
    clip.unlink()
    assert not camera.answers()
    with pytest.raises(SourceError, match="no clip at this path"):
        for _ in range(4):
            camera.read()
    camera.close()


def test_what_cannot_be_played_is_told_without_its_path(tmp_path: Path) -> None:
    words = tmp_path / "words.mp4"
    words.write_text("no video at all, but words " * 100)
    for path, told in (
        (tmp_path / "nothing.mp4", "no clip at this path"),
        (tmp_path, "is a folder"),
        (words, "no video that FFmpeg reads"),
        (clips.write_sound(tmp_path / "sound.m4a"), "sound, but no video"),
    ):
        camera = FileSource(f"file:{path}")
        with pytest.raises(SourceError, match=told) as refused:
            camera.open()
        camera.close()
        assert str(tmp_path) not in str(refused.value)


def test_a_path_is_needed() -> None:
    with pytest.raises(SettingsError, match="file:clips"):
        FileSource("file:")


def test_a_file_url_is_a_path(tmp_path: Path) -> None:
    clip = clips.write(tmp_path / "clip.mp4", 1)
    assert FileSource(f"file://{clip}").answers()


def test_to_read_what_is_not_open_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="not open"):
        FileSource(f"file:{tmp_path}").read()
