"""Frames per second, by a clock that the tests turn."""

import pytest

from streamer.rate import RateMeter
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_steady_events_have_their_rate(clock: Clock) -> None:
    meter = RateMeter(2.0, clock)
    for _ in range(100):
        clock.now += 0.05
        meter.tick()
    assert meter.per_second == pytest.approx(20)


def test_only_the_last_seconds_count(clock: Clock) -> None:
    meter = RateMeter(2.0, clock)
    for pause in [0.01] * 500 + [0.5] * 10:
        clock.now += pause
        meter.tick()
    assert meter.per_second == pytest.approx(2)


def test_fewer_than_two_events_have_no_rate(clock: Clock) -> None:
    meter = RateMeter(2.0, clock)
    assert meter.per_second == 0
    meter.tick()
    assert meter.per_second == 0
    clock.now += 10
    meter.tick()
    assert meter.per_second == 0
