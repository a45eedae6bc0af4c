"""The threads that all vision of a process runs in, and how sessions share what they can do."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import TypeVar

from streamer.workers import Workers

T = TypeVar("T")

INTERVAL = 0.5
"""Seconds over which demand and work are measured."""
AIM = 0.9
"""Share of what the threads can do that is shared out: what is full to the brim makes all wait."""
EASE = 0.75
"""Share of it under which demand has to fall before nobody is held back any more."""
HELD_BACK = 0.8
"""A session that sends this share of what it may would send more if it might."""
SMOOTHING = 0.3
"""Weight of the newest interval in the smoothed cost of a frame."""
MEMORY = 4.0
"""Time constant of a session's demand: seconds, or frames at the pace where those take longer. Over
one interval a slow session has no frame or too many."""
QUIET = 4
"""Intervals that demand has to stay low for, before nobody is held back any more."""


class Pool:
    """Runs frames in threads. Sessions take turns, since each has one frame at a time in here.

    Where more frames come than the threads can do, `fps` says how many a session may send: what
    each needs, and the same for all who need more.
    """

    def __init__(
        self,
        size: int,
        load: Callable[[], None] = lambda: None,
        clock: Callable[[], float] = time.perf_counter,
        *,
        deadline: float = 5.0,
        on_exhausted: Callable[[], None] = lambda: None,
    ) -> None:
        """Have so many threads; each calls `load` first, which must not raise. `clock` tells
        seconds and never goes back. A frame is given up after `deadline` seconds of work;
        `on_exhausted` is called once, on the event loop, when as many threads hang."""
        self._size = size
        self._workers = Workers(size, deadline, load, on_exhausted, clock)
        self._clock = clock
        self._shares: set[Share] = set()
        self._since = clock()
        self._cost = 0.0
        self._quiet = 0
        self.fps: float | None = None

    @property
    def is_loaded(self) -> bool:
        """Whether a thread has loaded what frames need."""
        return self._workers.is_loaded

    @property
    def is_exhausted(self) -> bool:
        """Whether so many threads hang that the process has to end."""
        return self._workers.is_exhausted

    @property
    def waiting(self) -> int:
        """How many frames wait for a thread."""
        return self._workers.waiting

    @property
    def hung(self) -> int:
        """How many threads hang."""
        return self._workers.hung

    @property
    def given_up(self) -> int:
        """How many threads were given up, ever: one for each frame that was."""
        return self._workers.given_up

    def warm_up(self) -> None:
        """Start all threads, so that they have loaded what the first frame needs."""
        self._workers.start()

    def share(self, max_fps: float) -> Share:
        """Return the part of one session, which may send `max_fps` at the most in any case."""
        return Share(self, self._workers, max_fps)

    def shutdown(self) -> bool:
        """End the threads, once what is in work is done; return whether all have ended, which one
        that hangs does not. It is waited for, but not for long."""
        return self._workers.shutdown()

    def join(self, share: Share) -> None:
        self._shares.add(share)

    def leave(self, share: Share) -> None:
        self._shares.discard(share)

    def measure(self) -> None:
        """Look at how much came and was done, if it is time to, and share out anew."""
        now = self._clock()
        seconds = now - self._since
        if seconds < INTERVAL:
            return
        self._since = now
        worked = sum(share.worked for share in self._shares)
        if worked:
            cost = sum(share.seconds for share in self._shares) / worked
            self._cost += (cost - self._cost) * (SMOOTHING if self._cost else 1)
        demands = [share.take_demand(seconds, self.fps) for share in self._shares]
        if self._cost:
            self._hold_back(demands, self._size / self._cost)

    def _hold_back(self, demands: Sequence[float], capacity: float) -> None:
        """Set the pace, for so many frames a second that come and that can be done."""
        held = self.fps is not None
        if sum(demands) > capacity * (EASE if held else 1):
            self._quiet = 0
            self.fps = fair_level(demands, capacity * AIM)
        elif held:
            self._quiet += 1
            if self._quiet >= QUIET:
                self.fps = None


class Share:
    """One session's part of the pool, held while a `with` block runs."""

    def __init__(self, pool: Pool, workers: Workers, max_fps: float) -> None:
        self._pool = pool
        self._workers = workers
        self._max_fps = max_fps
        self._arrived = self.worked = 0
        self.seconds = 0.0
        self._rate: float | None = None

    def __enter__(self) -> Share:
        self._pool.join(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._pool.leave(self)

    @property
    def fps(self) -> float | None:
        """Frames a second that the session should send; None where it need not be held back."""
        return self._pool.fps

    def arrived(self, frames: int = 1) -> None:
        """Note that frames came, whatever becomes of them."""
        self._arrived += frames

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns; it waits for its turn, then runs in a thread. DeadlineError
        where it takes too long: it goes on for nothing then.

        What was given up does not count as work done: its thread was replaced, and it says nothing
        of what other frames cost.
        """
        job = self._workers.begin(work)
        result = await job.result()
        self.worked += 1
        self.seconds += job.seconds
        self._pool.measure()
        return result

    def take_demand(self, seconds: float, held_to: float | None) -> float:
        """Return the frames a second that the session would send, and count anew."""
        newest = self._arrived / seconds
        self._arrived = self.worked = 0
        self.seconds = 0.0
        if self._rate is None:
            self._rate = newest
        memory = max(MEMORY, MEMORY / held_to) if held_to else MEMORY
        self._rate += (newest - self._rate) * (1 - math.exp(-seconds / memory))
        if held_to is not None and self._rate >= HELD_BACK * held_to:
            return self._max_fps
        return min(self._rate, self._max_fps)


def fair_level(demands: Sequence[float], capacity: float) -> float:
    """Return the most that any may have so that together they have `capacity`: who needs less has
    what they need, and the others the same each (max-min fairness).

    Bertsekas and Gallager, "Data Networks", 2nd edition, 1992, section 6.5.2.
    """
    left, waiting = capacity, len(demands)
    for demand in sorted(demands):
        if demand * waiting > left:
            break
        left -= demand
        waiting -= 1
    return left / waiting if waiting else max(demands, default=capacity)
