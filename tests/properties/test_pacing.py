"""Fair shares of any demands, and a window that neither closes for good nor grows too large."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fuzz.pacing import Step, try_level, try_window
from streamer.pool import fair_level
from streamer.window import DOUBT_SECONDS, SMALLEST

rates = st.floats(0, 1e6)
demands = st.lists(rates | st.sampled_from([0.0, 10.0, 30.0]), max_size=30)
steps = st.lists(
    st.one_of(
        st.just(("sent", 0.0)),
        st.tuples(st.just("acked"), st.integers(-1, 20).map(float)),
        st.tuples(st.just("wait"), st.floats(0, 2 * DOUBT_SECONDS)),
    ),
    max_size=80,
)


@given(demands, rates)
@example([], 0.0)
@example([0.0, 0.0], 0.0)
@example([5e-324, 5e-324], 5e-324)
@example([0.1] * 10, 1.0)
def test_the_level_is_that_of_max_min_fairness(demands: list[float], capacity: float) -> None:
    try_level(demands, capacity)


@given(demands, rates, st.randoms())
def test_the_order_of_demands_changes_nothing(
    demands: list[float], capacity: float, chance: Random
) -> None:
    other = list(demands)
    chance.shuffle(other)
    assert fair_level(other, capacity) == fair_level(demands, capacity)


@given(demands.filter(bool), rates, rates)
def test_more_capacity_takes_from_nobody(
    demands: list[float], capacity: float, more: float
) -> None:
    before, after = fair_level(demands, capacity), fair_level(demands, capacity + more)
    for demand in demands:
        assert min(demand, after) >= min(demand, before) * (1 - 1e-9)


@given(demands, rates, rates)
def test_whoever_comes_takes_no_more_than_an_equal_share(
    demands: list[float], capacity: float, newcomer: float
) -> None:
    level = try_level([*demands, newcomer], capacity)
    equal = capacity / (len(demands) + 1)
    assert level >= equal * (1 - 1e-9) or level >= max([*demands, newcomer])


@given(steps)
@example([("sent", 0.0), ("wait", 2 * DOUBT_SECONDS), ("acked", 0.0)] * 20)
def test_a_window_is_within_its_bounds_and_opens_again(steps: list[Step]) -> None:
    try_window(steps)


@given(st.integers(1, 300), st.floats(0.001, 5))
def test_who_is_never_answered_is_sent_no_more_than_the_first(count: int, pause: float) -> None:
    window = try_window([("sent", 0.0), ("wait", pause)] * count)
    assert window.size == pytest.approx(SMALLEST, abs=1)
