"""One camera's thread, with a fake that fails on command, and with real ones."""

from __future__ import annotations

import logging
import queue
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

import pytest

from streamer import feed as feed_module
from streamer.errors import SettingsError, SourceError, SourceTimeoutError
from streamer.feed import JITTER, LONGEST_PAUSE, SHORTEST_PAUSE, Feed, pauses
from streamer.sources.file import FileSource
from streamer.sources.pattern import PatternSource
from streamer.types import Frame, FrameSource, State
from tests import clips
from tests.cameras import SECONDS, Device, camera_threads, picture

LIVE = (State.LIVE, "")
REFUSED = SourceError("Nothing listens at the camera's port.")
RESTED = 0.001
"""Seconds of the shortest pause, where a test does not want to wait."""


class Heard:
    """What a feed says: its states, its frames, and that it has ended."""

    def __init__(self) -> None:
        self.states: queue.Queue[tuple[State, str]] = queue.Queue()
        self.frames: queue.Queue[Frame] = queue.Queue()
        self.ended = threading.Event()

    def state(self) -> tuple[State, str]:
        return self.states.get(timeout=SECONDS)

    def until(self, state: State) -> str:
        """Return the words of the next such state."""
        while True:
            came, words = self.state()
            if came is state:
                return words


@contextmanager
def feeding(make: Callable[[], FrameSource]) -> Iterator[tuple[Feed, Heard]]:
    heard = Heard()
    feed = Feed(
        "porch",
        make,
        heard.frames.put,
        lambda state, words: heard.states.put((state, words)),
        heard.ended.set,
    )
    feed.start()
    try:
        yield feed, heard
    finally:
        feed.stop()
        assert heard.ended.wait(SECONDS)
        feed.join()
        assert not camera_threads()


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    assert device.closed == device.opened


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have cameras tried again at once."""
    monkeypatch.setattr(feed_module, "SHORTEST_PAUSE", RESTED)
    monkeypatch.setattr(feed_module, "LONGEST_PAUSE", RESTED)


def rest(monkeypatch: pytest.MonkeyPatch, *seconds: float) -> None:
    """Have the pauses last so long, the last one for ever."""

    def given() -> Iterator[float]:
        yield from seconds
        while True:
            yield seconds[-1]

    monkeypatch.setattr(feed_module, "pauses", given)
    monkeypatch.setattr(feed_module, "PROBE_SECONDS", 0.01)


@contextmanager
def over(device: Device) -> Iterator[None]:
    """Let a read that hangs go at the end."""
    try:
        yield
    finally:
        device.let_go()


def test_a_real_camera_opens_and_sends_frames() -> None:
    with feeding(PatternSource) as (_, heard):
        assert heard.state() == (State.OPENING, "")
        assert heard.state() == LIVE
        seen = [heard.frames.get(timeout=SECONDS) for _ in range(5)]
        assert len({frame.bgr.tobytes() for frame in seen}) == 5
        assert heard.states.empty()


def test_a_clip_plays_over_and_over(tmp_path: Path) -> None:
    clip = clips.write(tmp_path / "clip.mp4", 3)
    with feeding(lambda: FileSource(f"file:{clip}")) as (_, heard):
        numbers = [clips.number_of(heard.frames.get(timeout=SECONDS)) for _ in range(7)]
        assert numbers == [0, 1, 2, 0, 1, 2, 0]


@pytest.mark.usefixtures("impatient")
def test_a_clip_that_is_not_there_is_told_and_played_when_it_is(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    with feeding(lambda: FileSource(f"file:{path}")) as (_, heard):
        assert (
            heard.until(State.FAILED)
            == "There is no clip at this path on the server. Trying again."
        )
        clips.write(tmp_path / "new.mp4", 3).rename(path)
        heard.until(State.LIVE)


@pytest.mark.usefixtures("impatient")
def test_one_that_cannot_be_opened_has_failed_and_comes_back(device: Device) -> None:
    device.open_errors = [REFUSED, REFUSED, None]
    with over(device), feeding(device.make) as (_, heard):
        device.give(picture(1))
        assert heard.state() == (State.OPENING, "")
        for _ in range(2):
            assert heard.state() == (State.FAILED, f"{REFUSED} Trying again.")
        assert heard.state() == LIVE
        device.let_go()


@pytest.mark.usefixtures("impatient")
def test_one_that_sends_no_more_is_frozen_but_one_that_never_sent_has_failed(
    device: Device,
) -> None:
    late = SourceTimeoutError("No picture came for 5 s.")
    device.give(late, picture(1), late)
    with over(device), feeding(device.make) as (_, heard):
        words = "No picture came for 5 s. Trying again."
        heard.until(State.OPENING)
        assert heard.state() == (State.FAILED, words)
        assert heard.state() == LIVE
        assert heard.state() == (State.FROZEN, words)
        device.let_go()


@pytest.mark.usefixtures("impatient")
def test_one_that_breaks_off_has_failed(device: Device) -> None:
    device.give(picture(1), SourceError("The camera ended the stream."))
    with over(device), feeding(device.make) as (_, heard):
        assert heard.until(State.FAILED) == "The camera ended the stream. Trying again."
        device.let_go()


@pytest.mark.usefixtures("impatient")
def test_a_fault_of_ours_is_told_without_its_text_and_logged_with_all_of_it(
    device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    device.give(ZeroDivisionError("rtsp://ann:secret@host/"), picture(1))
    with over(device), feeding(device.make) as (_, heard):
        words = heard.until(State.FAILED)
        assert words == "The camera failed. The server's log says why. Trying again."
        heard.until(State.LIVE)
        device.let_go()
    assert "Traceback" in caplog.text
    assert "ZeroDivisionError" in caplog.text


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("error", [REFUSED, ZeroDivisionError("out of order")])
def test_the_log_tells_the_same_words_once(
    device: Device, caplog: pytest.LogCaptureFixture, error: Exception
) -> None:
    other = SourceError("The camera forbids this user to watch.")
    device.open_errors = [*[error] * 4, *[other] * 3, None]
    with over(device), feeding(device.make) as (_, heard):
        device.give(picture(1))
        heard.until(State.LIVE)
        told = [record.getMessage() for record in caplog.records]
        assert len(told) == 2
        assert all("porch" in words for words in told)
        device.open_errors = [error]
        device.give(error)
        device.wait(lambda device: device.opened > 10)
    # It was live in between: that it fails once more is news.
    assert len(caplog.records) == 3


@pytest.mark.usefixtures("impatient")
def test_one_that_cannot_be_made_is_told_and_the_thread_goes_on(
    device: Device, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed_module, "PROBE_SECONDS", RESTED)
    device.make_error = SettingsError("A camera needs the environment variable PORCH.")
    with over(device), feeding(device.make) as (_, heard):
        for _ in range(5):
            words = heard.until(State.FAILED)
            assert words == "The camera failed. The server's log says why. Trying again."
        device.make_error = None
        device.give(picture(1))
        heard.until(State.LIVE)
        device.let_go()
    # Not once for each time that it is asked whether it is there.
    assert 1 <= caplog.text.count("environment variable PORCH") <= 6


@pytest.mark.usefixtures("impatient")
def test_one_that_cannot_be_closed_is_tried_again_like_any_other(device: Device) -> None:

    def busy() -> None:
        raise RuntimeError("busy")

    device.on_close = busy
    device.give(picture(1), REFUSED, picture(2))
    with over(device), feeding(device.make) as (_, heard):
        heard.until(State.LIVE)
        heard.until(State.FAILED)
        heard.until(State.LIVE)
        device.let_go()


def test_pauses_grow_twofold_to_half_a_minute_and_differ_by_a_quarter() -> None:
    random.seed(1)
    for _ in range(20):
        expected = SHORTEST_PAUSE
        for pause in islice(pauses(), 12):
            assert min(expected, LONGEST_PAUSE) <= pause
            assert pause <= min(expected * (1 + JITTER), LONGEST_PAUSE)
            expected = min(2 * expected, LONGEST_PAUSE)
        assert expected == LONGEST_PAUSE == 30
    assert len({next(pauses()) for _ in range(20)}) == 20
    assert SHORTEST_PAUSE == 0.5


def test_pauses_grow_from_attempt_to_attempt_and_begin_anew_after_a_steady_time(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[int] = []

    def counted() -> Iterator[float]:
        for number in range(1000):
            given.append(number)
            yield RESTED

    monkeypatch.setattr(feed_module, "pauses", counted)
    monkeypatch.setattr(feed_module, "STEADY_SECONDS", 0.2)
    device.open_errors = [REFUSED, REFUSED, REFUSED, None]
    with over(device), feeding(device.make) as (_, heard):
        device.give(picture(1))
        device.wait(lambda device: device.is_hungry)
        time.sleep(0.25)  # it is silent for so long
        device.give(REFUSED, picture(2))
        device.wait(lambda device: device.opened == 5)
        assert given == [0, 1, 2, 3], "one picture: the pauses go on growing"
        device.wait(lambda device: device.is_hungry)
        time.sleep(0.25)  # and this time it gives more after that
        device.give(picture(3), REFUSED)
        device.wait(lambda device: device.opened == 6)
        assert given == [0, 1, 2, 3, 0]
        assert heard.frames.qsize() == 3
        device.let_go()


def test_one_that_was_away_and_is_back_is_opened_at_once(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest(monkeypatch, 600)
    device.is_there = False
    device.open_errors = [REFUSED, None]
    with over(device), feeding(device.make) as (_, heard):
        device.wait(lambda device: device.asked > 5)
        assert device.opened == 1
        device.is_there = True
        device.give(picture(1))
        heard.until(State.LIVE)
        assert device.opened == 2
        device.let_go()


def test_one_that_comes_back_while_an_attempt_fails_is_opened_at_once(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An attempt takes up to 5 s: one that began before the camera was back is lost."""
    rest(monkeypatch, 0.1, 600)

    def comes_back() -> Exception:
        device.is_there = True
        return SourceTimeoutError("The camera did not answer within 5 s.")

    device.is_there = False
    device.open_errors = [REFUSED, comes_back, None]
    with over(device), feeding(device.make) as (_, heard):
        device.give(picture(1))
        heard.until(State.LIVE)
        device.let_go()


def test_one_that_always_answers_and_always_fails_is_left_in_peace(
    device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    rest(monkeypatch, 0.001, 600)
    device.open_errors = [REFUSED]
    with feeding(device.make):
        device.wait(lambda device: device.asked > 30)
        assert device.opened == 2


@pytest.mark.parametrize("moment", ["paused", "reading", "asked"])
def test_it_stops_soon_whatever_it_does(
    device: Device, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    rest(monkeypatch, 600)
    if moment == "asked":
        monkeypatch.setattr(feed_module, "PROBE_SECONDS", 600.0)
    if moment != "reading":
        device.open_errors = [REFUSED]
    with feeding(device.make) as (feed, heard):
        if moment == "reading":
            device.give(picture(1))
            heard.until(State.LIVE)
        else:
            device.wait(lambda device: device.asked > 0)
        feed.stop()
        device.give(picture(2))
        assert heard.ended.wait(5)
        if moment == "reading":
            assert heard.states.empty(), "to be closed is no failure"


def test_what_is_stopped_before_it_begins_opens_nothing(device: Device) -> None:
    heard = Heard()
    feed = Feed("porch", device.make, heard.frames.put, lambda *_: None, heard.ended.set)
    feed.stop()
    feed.start()
    feed.join()
    assert heard.ended.is_set()
    assert device.opened == 0


def test_secrets_of_nobody_are_in_what_is_logged_of_known_troubles(
    device: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rest(monkeypatch, 600)
    device.open_errors = [REFUSED]
    with feeding(device.make):
        device.wait(lambda device: device.asked > 0)
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage() == f"camera porch: {REFUSED}"
    assert record.exc_info is None
