"""Threads that hang, are slow or come back, by a clock that the tests turn."""

from __future__ import annotations

import asyncio
import logging
import threading
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import Any, TypeVar

import pytest

from streamer.errors import DeadlineError
from streamer.job import TICKS, Job
from streamer.workers import LOAD_SECONDS, Workers
from tests.cameras import SECONDS, until
from tests.clock import Clock
from tests.hang import DEADLINE, Hang

T = TypeVar("T")

who: ContextVar[str] = ContextVar("who")


class Crew:
    """Workers, and the clock that they go by."""

    def __init__(
        self, size: int = 1, load: Callable[[], Any] = lambda: None, deadline: float = DEADLINE
    ) -> None:
        self._before = set(threading.enumerate())  # other tests of this process have their own
        self.clock = Clock()
        self.exhausted = 0
        self.workers = Workers(size, deadline, load, self._exhaust, self.clock)

    @property
    def threads(self) -> list[threading.Thread]:
        """The threads that there are."""
        ours = set(threading.enumerate()) - self._before
        return [each for each in ours if each.name.startswith("vision ")]

    def _exhaust(self) -> None:
        self.exhausted += 1

    async def do(self, work: Callable[[], T]) -> T:
        async with asyncio.timeout(SECONDS):
            return await self.workers.begin(work).result()

    def pass_by(self, seconds: float) -> None:
        """Let time pass, and have all looked at as often as is due."""
        tick = DEADLINE / TICKS
        for _ in range(round(seconds / tick)):
            self.clock.now += tick
            self.look()

    def look(self) -> None:
        self.workers._look(asyncio.get_running_loop())


@contextmanager
def crew(size: int = 1, **options: Any) -> Iterator[Crew]:
    """Have threads that end with the test, but for those that hang."""
    crew = Crew(size, **options)
    yield crew
    crew.workers.shutdown(0)


async def test_work_that_hangs_is_given_up_and_its_thread_replaced(hang: Hang) -> None:
    with crew() as one:
        hung = asyncio.create_task(one.do(hang))
        await hang.entered()
        one.pass_by(0.9 * DEADLINE)
        assert one.workers.given_up == 0
        one.pass_by(0.2 * DEADLINE)
        with pytest.raises(DeadlineError, match="at most 1000 s of work, came no end") as caught:
            await hung
        assert one.workers.given_up == 1
        assert await one.do(lambda: "next") == "next"
    where = "".join(traceback.format_exception(caught.value))
    assert "assert self.opened.wait(SECONDS)" in where, "it says where the thread is"


async def test_a_thread_that_is_away_for_twice_the_deadline_is_hung_until_it_is_back(
    hang: Hang,
) -> None:
    with crew(2) as one:
        hung = asyncio.create_task(one.do(hang))
        await hang.entered()
        one.pass_by(1.9 * DEADLINE)
        assert one.workers.hung == 0
        one.pass_by(0.2 * DEADLINE)
        assert one.workers.hung == 1
        hang.opened.set()
        await until(lambda: one.workers.hung == 0)
        await until(lambda: len(one.threads) == 2)
        assert not one.workers.is_exhausted
        with pytest.raises(DeadlineError):
            await hung


async def test_work_that_comes_back_at_the_last_moment_is_not_given_up(hang: Hang) -> None:
    with crew() as one:
        back = asyncio.create_task(one.do(hang))
        await hang.entered()
        worker = one.workers._active[0]
        job = worker.job
        assert job
        hang.opened.set()
        assert await back == "late"
        one.workers._give_up(worker, job)
        assert one.workers.given_up == 0
        assert await one.do(threading.current_thread) is worker.thread


async def test_while_the_process_is_stopped_no_work_is_done(hang: Hang) -> None:
    with crew() as one:
        stopped = asyncio.create_task(one.do(hang))
        await hang.entered()
        for _ in range(4):
            one.clock.now += 100 * DEADLINE
            one.look()
        assert one.workers.given_up == 0
        hang.opened.set()
        assert await stopped == "late"


async def test_a_stop_does_not_count_in_what_work_costs() -> None:
    job = Job(lambda: setattr(clock, "now", clock.now + 100 * DEADLINE), DEADLINE)
    clock = Clock()
    job.run(clock)
    assert job.seconds <= 0.2 * DEADLINE


async def test_waiting_for_a_turn_is_no_work(hang: Hang) -> None:
    with crew() as one:
        first = asyncio.create_task(one.do(hang))
        await hang.entered()
        second = asyncio.create_task(one.do(lambda: "waited"))
        await asyncio.sleep(0)
        assert one.workers.waiting == 1
        one.pass_by(1.1 * DEADLINE)
        with pytest.raises(DeadlineError):
            await first
        assert await second == "waited"
        assert one.workers.waiting == 0


async def test_when_as_many_hang_as_there_should_be_it_is_told_once(
    hang: Hang, caplog: pytest.LogCaptureFixture
) -> None:
    with crew(2) as one:
        hung = [asyncio.create_task(one.do(hang)) for _ in range(2)]
        await hang.entered(2)
        one.pass_by(1.5 * DEADLINE)
        hung += [asyncio.create_task(one.do(hang)) for _ in range(2)]
        await hang.entered(2)
        one.pass_by(0.4 * DEADLINE)
        assert not one.workers.is_exhausted
        one.pass_by(2 * DEADLINE)
        assert one.workers.is_exhausted
        assert one.exhausted == 1
        assert one.workers.hung == 4
        assert not one.workers._active, "none is replaced any more"
        for each in hung:
            with pytest.raises(DeadlineError):
                await each
    told = [record for record in caplog.records if record.levelno == logging.CRITICAL]
    assert [each.getMessage() for each in told] == [
        "2 threads hang: nothing can be worked on any more"
    ]


async def test_slow_work_alone_never_brings_all_down_and_makes_few_threads() -> None:
    with crew(2) as one:
        for _ in range(20):
            slow = Hang()
            late = [asyncio.create_task(one.do(slow)) for _ in range(2)]
            await slow.entered(2)
            one.pass_by(1.5 * DEADLINE)
            assert len(one.threads) <= 4
            slow.opened.set()
            for each in late:
                with pytest.raises(DeadlineError):
                    await each
            await until(lambda: len(one.threads) == 2)
        assert one.workers.given_up == 40
        assert (one.workers.hung, one.exhausted) == (0, 0)


async def test_loading_that_hangs_is_replaced(hang: Hang, caplog: pytest.LogCaptureFixture) -> None:
    first = threading.Semaphore(1)

    def load() -> None:
        if first.acquire(blocking=False):
            hang()

    with crew(load=load) as one:
        one.workers.start()
        await hang.entered()
        waiting = asyncio.create_task(one.do(lambda: "loaded"))
        assert not one.workers.is_loaded
        one.clock.now += LOAD_SECONDS / 10
        for _ in range(10):
            one.look()
            one.clock.now += LOAD_SECONDS / 10
        one.look()
        assert await waiting == "loaded"
        assert one.workers.is_loaded
    assert "a thread does not come back from loading" in caplog.text


async def test_work_is_done_in_the_context_of_who_wants_it() -> None:
    with crew() as one:
        who.set("ann")
        assert await one.do(who.get) == "ann"
        who.set("bob")
        assert await one.do(who.get) == "bob"


async def test_what_somebody_left_behind_is_not_done(hang: Hang) -> None:
    done: list[int] = []
    with crew() as one:
        first = asyncio.create_task(one.do(hang))
        await hang.entered()
        gone = asyncio.create_task(one.do(lambda: done.append(1)))
        await asyncio.sleep(0)
        gone.cancel()
        with suppress(asyncio.CancelledError):
            await gone
        hang.opened.set()
        await first
        await one.do(lambda: done.append(2))
    assert done == [2]


async def test_any_error_comes_out() -> None:
    def stop() -> None:
        raise StopIteration

    with crew() as one:
        with pytest.raises(RuntimeError) as caught:  # as Python has it in a coroutine
            await one.do(stop)
        assert isinstance(caught.value.__cause__, StopIteration)
        assert await one.do(lambda: 7) == 7


async def test_a_shutdown_waits_for_what_is_in_work_and_not_for_what_hangs(hang: Hang) -> None:
    with crew(2) as well:
        assert await well.do(lambda: 1) == 1
        assert await asyncio.to_thread(well.workers.shutdown, SECONDS)
        with pytest.raises(RuntimeError, match="have ended"):
            await well.do(lambda: 1)
    with crew(2) as ill:
        hung = asyncio.create_task(ill.do(hang))
        await hang.entered()
        assert not await asyncio.to_thread(ill.workers.shutdown, 0.05)
        hang.opened.set()
        await hung


async def test_threads_that_cannot_be_had_now_are_had_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    with crew(2) as one:
        with monkeypatch.context() as poor:
            poor.setattr(threading.Thread, "start", fail)
            with pytest.raises(RuntimeError, match="can't start"):
                await one.do(lambda: 1)
        assert await one.do(lambda: 1) == 1
        assert len(one.workers._active) == 2


async def test_threads_are_looked_at_as_time_goes_by(hang: Hang) -> None:
    """By the real clock."""
    told = asyncio.Event()
    workers = Workers(1, 0.1, lambda: None, told.set, asyncio.get_running_loop().time)
    with pytest.raises(DeadlineError):
        await workers.begin(hang).result()
    assert await workers.begin(lambda: 1).result() == 1
    async with asyncio.timeout(SECONDS):
        await told.wait()
    assert not workers.shutdown(0)
