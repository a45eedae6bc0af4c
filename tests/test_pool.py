"""Threads that sessions share, by a clock that the work turns."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from streamer.errors import DeadlineError
from streamer.pool import INTERVAL, Pool, Share, fair_level
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def pool(clock: Clock) -> Iterator[Pool]:
    pool = Pool(1, clock=clock)
    yield pool
    pool.shutdown()


class Load:
    """Sessions that together keep one thread busy: frames come as they like, and cost seconds."""

    def __init__(self, pool: Pool, clock: Clock) -> None:
        self.pool = pool
        self.clock = clock

    async def second(self, shares: dict[Share, float], cost: float) -> None:
        """Let a second pass in which each share sends so many frames; what there is time for is
        worked on."""
        for _ in range(round(1 / INTERVAL)):
            end = self.clock.now + INTERVAL
            for share, fps in shares.items():
                for _ in range(round(fps * INTERVAL)):
                    share.arrived()
            todo = sum(round(fps * INTERVAL) for fps in shares.values())
            first = next(iter(shares))
            while todo and self.clock.now + cost < end:
                await first.run(lambda: self._work(cost))
                todo -= 1
            self.clock.now = max(self.clock.now, end)
            await first.run(lambda: None)

    def _work(self, cost: float) -> None:
        self.clock.now += cost


@pytest.mark.parametrize(
    ("demands", "capacity", "level"),
    [
        ([30, 30, 30], 45, 15),
        ([5, 30, 30], 45, 20),
        ([5, 10, 30], 100, 30),
        ([40], 10, 10),
        ([], 10, 10),
    ],
)
def test_who_needs_less_has_it_and_the_others_share(
    demands: list[float], capacity: float, level: float
) -> None:
    assert fair_level(demands, capacity) == level
    assert sum(min(demand, level) for demand in demands) <= capacity


async def test_while_there_is_room_nobody_is_held_back(pool: Pool, clock: Clock) -> None:
    with pool.share(30) as one, pool.share(30) as other:
        for _ in range(5):
            await Load(pool, clock).second({one: 20, other: 20}, cost=0.01)
            assert pool.fps is None


async def test_beyond_capacity_all_are_held_to_the_same(pool: Pool, clock: Clock) -> None:
    """100 frames a second can be done, 90 of them are shared out."""
    with ExitStack() as held:
        modest, *others = [held.enter_context(pool.share(30)) for _ in range(5)]
        shares = dict.fromkeys(others, 30.0) | {modest: 10.0}
        await Load(pool, clock).second(shares, cost=0.01)
        assert pool.fps == pytest.approx(20, rel=0.1)


async def test_who_obeys_is_still_thought_to_want_more(pool: Pool, clock: Clock) -> None:
    with pool.share(30) as one, pool.share(30) as other:
        await Load(pool, clock).second({one: 30, other: 30}, cost=0.03)
        held = pool.fps or 0.0
        assert held == pytest.approx(15, rel=0.1)
        for _ in range(5):
            await Load(pool, clock).second({one: held, other: held}, cost=0.03)
            assert pool.fps == pytest.approx(held, rel=0.1)


async def test_with_fewer_sessions_there_is_more_for_each(pool: Pool, clock: Clock) -> None:
    with pool.share(30) as one:
        with pool.share(30) as other:
            await Load(pool, clock).second({one: 30, other: 30}, cost=0.03)
            held = pool.fps or 0.0
            assert held
        await Load(pool, clock).second({one: held}, cost=0.03)
        assert pool.fps is None or pool.fps > 1.5 * held


async def test_cheaper_frames_end_it(pool: Pool, clock: Clock) -> None:
    with pool.share(30) as one, pool.share(30) as other:
        await Load(pool, clock).second({one: 30, other: 30}, cost=0.03)
        assert pool.fps
        for _ in range(6):
            await Load(pool, clock).second({one: 14, other: 14}, cost=0.003)
        assert pool.fps is None


async def test_many_slow_sessions_are_told_one_steady_pace(pool: Pool, clock: Clock) -> None:
    """At less than a frame a second there is none in most intervals, and one too many in others."""
    paces = []
    with ExitStack() as held:
        shares = [held.enter_context(pool.share(30)) for _ in range(40)]
        next_at = dict.fromkeys(shares, 0.0)
        while clock.now < 60:
            end = clock.now + INTERVAL
            for number, share in enumerate(shares):
                while next_at[share] < end:
                    share.arrived()
                    next_at[share] += 1 / (pool.fps or 30) + 0.01 * (number % 3)
            while clock.now + 0.025 < end:
                await shares[0].run(lambda: setattr(clock, "now", clock.now + 0.025))
            clock.now = end
            await shares[0].run(lambda: None)
            paces.append(pool.fps)
    settled = paces[len(paces) // 3 :]
    assert None not in settled
    known = [pace for pace in settled if pace]
    assert max(known) < 1.3 * min(known)
    assert 0.6 < sum(known) / len(known) < 1.1


async def test_a_frame_that_is_given_up_says_nothing_of_what_others_cost(clock: Clock) -> None:
    """Its thread is replaced, so that there is as much room as before."""
    opened = threading.Event()
    begun = threading.Event()

    def hang() -> None:
        begun.set()
        assert opened.wait(20)

    pool = Pool(1, clock=clock, deadline=1000)
    with pool.share(30) as one, pool.share(30) as other:
        load = Load(pool, clock)
        await load.second({one: 20, other: 20}, cost=0.01)
        given_up = asyncio.create_task(one.run(hang))
        assert await asyncio.to_thread(begun.wait, 20)
        while not pool.given_up:
            clock.now += 100
            pool._workers._look(asyncio.get_running_loop())
        with pytest.raises(DeadlineError):
            await given_up
        for _ in range(3):
            await load.second({one: 20, other: 20}, cost=0.01)
            assert pool.fps is None
        assert pool._cost == pytest.approx(0.01, rel=0.1)
    opened.set()
    pool.shutdown()


async def test_sessions_take_turns(pool: Pool) -> None:
    """One that always has a frame ready waits for all others in between."""
    begun = threading.Event()
    opened = threading.Event()
    order: list[str] = []

    def first() -> None:
        begun.set()
        assert opened.wait(20)

    async def greedy(share: Share) -> None:
        for _ in range(4):
            await share.run(lambda: order.append("greedy"))

    with pool.share(30) as one, pool.share(30) as two, pool.share(30) as three:
        blocked = asyncio.create_task(one.run(first))
        assert await asyncio.to_thread(begun.wait, 20)
        tasks = [asyncio.create_task(greedy(two))]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(three.run(lambda: order.append("modest"))))
        await asyncio.sleep(0)
        opened.set()
        await asyncio.gather(blocked, *tasks)
    assert order[1] == "modest"


async def test_what_work_raises_comes_out(pool: Pool) -> None:
    with pool.share(30) as share:
        with pytest.raises(ZeroDivisionError):
            await share.run(lambda: 1 / 0)
        assert await share.run(lambda: 7) == 7


async def test_it_tells_how_its_threads_are(pool: Pool) -> None:
    assert not pool.is_loaded
    with pool.share(30) as share:
        await share.run(lambda: None)
    assert pool.is_loaded
    assert not pool.is_exhausted
    assert (pool.waiting, pool.hung, pool.given_up) == (0, 0, 0)
    assert pool.shutdown()
