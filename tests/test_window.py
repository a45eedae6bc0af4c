"""How many pictures go out at once, over a simulated way there and back."""

from __future__ import annotations

from collections import deque

import pytest

from streamer.window import DOUBT_SECONDS, LARGEST, SMALLEST, Window
from tests.clock import Clock


class Way:
    """A link with a delay in seconds and a rate in pictures a second, and a camera at its start
    from which a picture is taken whenever the window is open."""

    def __init__(self, delay: float, rate: float, fps: float = 30) -> None:
        self.delay, self.rate, self.fps = delay, rate, fps
        self.clock = Clock()
        self.window = Window(self.clock)
        self.ages: list[float] = []
        """Seconds from each picture's going out to its acknowledgement, the newest last."""
        self.taken = 0
        self._free_at = 0.0
        self._answers: deque[tuple[float, int, float]] = deque()
        self._next_frame = 0.0

    def run(self, seconds: float) -> None:
        """Let time pass."""
        end = self.clock.now + seconds
        while True:
            answer = self._answers[0][0] if self._answers else end
            self.clock.now = min(answer, self._next_frame, end)
            if self.clock.now >= end:
                return
            if self.clock.now == self._next_frame:
                self._next_frame += 1 / self.fps
                self._send()
            else:
                _, seq, sent = self._answers.popleft()
                self.ages.append(self.clock.now - sent)
                self.window.acked(seq)

    def _send(self) -> None:
        if not self.window.is_open:
            return
        now = self.clock.now
        self.taken += 1
        self.window.sent(self.taken)
        self._free_at = max(self._free_at, now) + 1 / self.rate
        self._answers.append((self._free_at + self.delay, self.taken, now))

    def fps_over(self, seconds: float) -> float:
        """Return the pictures a second that go out while so many seconds pass."""
        before = self.taken
        self.run(seconds)
        return (self.taken - before) / seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def window(clock: Clock) -> Window:
    return Window(clock)


def test_it_starts_small(window: Window) -> None:
    for seq in (1, 2):
        assert window.is_open
        window.sent(seq)
    assert not window.is_open


def test_an_acknowledgement_lets_the_next_one_out(window: Window, clock: Clock) -> None:
    window.sent(1)
    window.sent(2)
    clock.now += 0.1
    window.acked(1)
    assert window.is_open
    window.sent(3)
    assert not window.is_open


def test_one_is_for_all_up_to_it(window: Window, clock: Clock) -> None:
    window.sent(1)
    window.sent(2)
    clock.now += 0.1
    window.acked(2)
    for seq in (3, 4):
        assert window.is_open
        window.sent(seq)


def test_numbers_may_be_left_out(window: Window, clock: Clock) -> None:
    """Other viewers got what is between, or nobody did."""
    window.sent(100)
    window.sent(250)
    clock.now += 0.1
    window.acked(170)
    assert window.is_open
    window.sent(300)
    assert not window.is_open


def test_what_was_acknowledged_before_changes_nothing(window: Window, clock: Clock) -> None:
    window.sent(1)
    clock.now += 0.1
    window.acked(1)
    size = window.size
    window.sent(2)
    window.sent(3)
    for seq in (1, 1, 0, -5):
        clock.now += 5
        window.acked(seq)
    assert not window.is_open
    assert window.size == size


def test_what_was_not_sent_cannot_have_arrived(window: Window) -> None:
    with pytest.raises(ValueError, match="Expected a picture up to 0, came 1"):
        window.acked(1)
    window.sent(7)
    with pytest.raises(ValueError, match="Expected a picture up to 7, came 8"):
        window.acked(8)


def test_a_clock_that_stands_still_does_no_harm(window: Window) -> None:
    for seq in range(1, 50):
        window.sent(seq)
        window.acked(seq)
    assert SMALLEST <= window.size <= LARGEST


@pytest.mark.parametrize("delay", [0.001, 0.05, 0.1, 0.2, 0.4])
def test_on_a_way_with_room_all_pictures_of_the_camera_go_out(delay: float) -> None:
    way = Way(delay, rate=1000)
    way.run(20)
    assert way.fps_over(10) == pytest.approx(30, rel=0.05)


def test_a_way_too_long_for_all_is_filled_as_far_as_the_window_goes() -> None:
    way = Way(delay=1.0, rate=1000)
    way.run(60)
    assert int(way.window.size) == LARGEST
    assert way.fps_over(10) == pytest.approx(LARGEST, rel=0.1)


def test_near_by_it_stays_small() -> None:
    way = Way(delay=0.005, rate=1000)
    way.run(30)
    assert way.window.size == SMALLEST


@pytest.mark.parametrize("rate", [3, 8, 15, 25])
@pytest.mark.parametrize("delay", [0.02, 0.1, 0.3])
def test_where_pictures_queue_it_stays_small_enough_that_none_waits_for_long(
    delay: float, rate: float
) -> None:
    """The window never goes under two, so that one may always wait behind another."""
    way = Way(delay, rate)
    way.run(60)
    assert way.fps_over(20) > 0.85 * rate
    waiting = [age - delay - 1 / rate for age in way.ages[-50:]]
    assert max(waiting) < 3.5 / rate, "no more than three wait, besides the one on its way"
    assert way.window.size < rate * (delay + 1 / rate) + 4


def test_it_stays_within_its_bounds_whatever_the_way_does() -> None:
    way = Way(0.1, 1000)
    for delay, rate in [(2.0, 1000), (0.001, 1), (0.5, 60), (0.0, 5000), (3.0, 0.5), (0.2, 30)]:
        way.delay, way.rate = delay, rate
        for _ in range(200):
            way.run(0.1)
            assert SMALLEST <= way.window.size <= LARGEST


def test_a_way_that_becomes_longer_is_filled_again_soon() -> None:
    """Longer is not for ever taken as waiting."""
    way = Way(0.02, 1000)
    way.run(30)
    way.delay = 0.3
    assert way.fps_over(5) < 15
    way.run(2 * DOUBT_SECONDS)
    assert way.fps_over(10) == pytest.approx(30, rel=0.05)


@pytest.mark.parametrize("rate", [3, 15, 29])
def test_a_queue_that_stands_is_never_taken_for_the_way_itself(rate: float) -> None:
    way = Way(0.1, rate)
    way.run(60)
    size = way.window.size
    way.run(1800)
    assert way.window.size == pytest.approx(size, abs=1.5)
    assert max(way.ages[-500:]) < 0.1 + 4.5 / rate


def test_to_measure_the_way_one_picture_goes_alone(window: Window, clock: Clock) -> None:
    for seq in range(1, 4):
        window.sent(seq)
        clock.now += 0.1
        window.acked(seq)
    window.sent(4)
    window.sent(5)
    clock.now += DOUBT_SECONDS + 1
    window.acked(4)
    assert not window.is_open, "5 is on its way"
    window.acked(5)
    assert window.is_open
    window.sent(6)
    assert not window.is_open
    clock.now += 0.1
    window.acked(6)
    window.sent(7)
    assert window.is_open


def test_a_way_that_becomes_narrow_is_left_to_empty_itself() -> None:
    way = Way(0.3, 1000)
    way.run(30)
    assert way.window.size > 8
    way.rate = 5
    way.run(60)
    waiting = [age - way.delay - 1 / way.rate for age in way.ages[-20:]]
    assert max(waiting) < 3.5 / way.rate
