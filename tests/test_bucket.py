"""How much and how often."""

import pytest

from streamer import bucket
from streamer.bucket import Bucket, Tries
from tests.clock import Clock


def test_a_bucket_gives_what_it_holds_and_fills_again() -> None:
    clock = Clock()
    held = Bucket(rate=10, seconds=2, clock=clock)
    assert held.take(15)
    assert held.take(5)
    assert not held.take(1)
    clock.now += 0.5
    assert not held.take(6)
    assert held.take(5)


def test_a_bucket_never_holds_more_than_its_size() -> None:
    clock = Clock()
    held = Bucket(rate=10, seconds=2, clock=clock)
    clock.now += 1000
    assert held.take(20)
    assert not held.take(0.1)


def test_so_many_tries_a_minute_and_no_more_each_for_themselves() -> None:
    clock = Clock()
    tries = Tries(clock)
    for _ in range(3):
        assert tries.may("ann", 3)
        tries.note("ann")
        clock.now += 10
    assert not tries.may("ann", 3)
    assert tries.may("bob", 3)
    clock.now += 31  # the first was a minute ago
    assert tries.may("ann", 3)
    tries.note("ann")
    assert not tries.may("ann", 3)


def test_who_did_nothing_for_a_minute_is_forgotten() -> None:
    clock = Clock()
    tries = Tries(clock)
    for number in range(5):
        tries.note(number)
    clock.now += 61
    tries.note("ann")
    assert len(tries) == 1


def test_made_up_addresses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "MOST_KEYS", 10)
    tries = Tries(Clock())
    for number in range(100):
        tries.note(number)
    assert len(tries) == 10
    assert not tries.may(99, 1)
    assert tries.may(0, 1)
