"""How much and how often: what somebody may do in a time. By the monotonic clock, since the other
one may jump."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable

MINUTE = 60.0

MOST_KEYS = 100_000
"""How many are remembered: who makes up addresses shall not fill the memory."""


class Bucket:
    """A token bucket: what is taken out flows back in at a steady rate, until it is full again."""

    def __init__(
        self, rate: float, seconds: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """Hold what flows in within `seconds`, at `rate` a second. `clock` never goes back."""
        self._rate = rate
        self._size = rate * seconds
        self._clock = clock
        self._level = self._size
        self._at = clock()

    def take(self, amount: float) -> bool:
        """Take an amount out; return whether there was so much, else nothing is taken."""
        now = self._clock()
        self._level = min(self._size, self._level + (now - self._at) * self._rate)
        self._at = now
        if amount > self._level:
            return False
        self._level -= amount
        return True


class Tries:
    """Counts what somebody did within the last minute, for each of those who did anything; from
    any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._times: OrderedDict[Hashable, deque[float]] = OrderedDict()
        self._lock = threading.Lock()

    def may(self, who: Hashable, most: int) -> bool:
        """Tell whether somebody has done it fewer than `most` times within a minute."""
        with self._lock:
            times = self._times.get(who)
            return times is None or len(_recent(times, self._clock())) < most

    def note(self, who: Hashable) -> None:
        """Note that somebody does it now."""
        now = self._clock()
        with self._lock:
            times = self._times.setdefault(who, deque())
            self._times.move_to_end(who)
            _recent(times, now).append(now)
            self._forget(now)

    def _forget(self, now: float) -> None:
        """Forget those whose last time is over, and the oldest where they are too many."""
        while self._times:
            oldest = next(iter(self._times.values()))
            if oldest[-1] > now - MINUTE and len(self._times) <= MOST_KEYS:
                break
            self._times.popitem(last=False)

    def __len__(self) -> int:
        """Return how many are remembered."""
        return len(self._times)


def _recent(times: deque[float], now: float) -> deque[float]:
    """Return the same, without what is longer ago than a minute."""
    while times and times[0] <= now - MINUTE:
        times.popleft()
    return times
