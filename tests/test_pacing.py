"""The pace, by a clock that the tests turn."""

import pytest

from streamer.sources.pacing import LATE, Pace
from tests.clock import Clock


def test_the_pace_makes_up_for_what_was_late() -> None:
    clock, waits = Clock(), []

    def sleep(seconds: float) -> None:
        waits.append(seconds)
        clock.now += seconds

    pace = Pace(clock, sleep)
    for busy in (0, 0.1, 0.7, 0.1, 0.1):
        clock.now += busy
        pace.wait(0.5)
    assert waits == pytest.approx([0.4, 0.2, 0.4])
    assert clock.now == pytest.approx(2.0)


def test_the_pace_leaves_out_what_is_long_past() -> None:
    clock = Clock()
    pace = Pace(clock, lambda seconds: setattr(clock, "now", clock.now + seconds))
    pace.wait(0.5)
    clock.now += LATE + 9
    pace.wait(0.5)
    pace.wait(0.5)
    assert clock.now == pytest.approx(LATE + 9.5)
