"""Turns at a pace, for sources that would else give their frames as fast as they are read."""

from __future__ import annotations

import time
from collections.abc import Callable

LATE = 1.0
"""Seconds after which what was missed is left out instead of made up for."""


class Pace:
    """Waits for each turn by the clock: delays do not add up."""

    def __init__(
        self,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Take a clock that tells seconds and never goes back, and what waits that long."""
        self._clock = clock
        self._sleep = sleep
        self._due: float | None = None

    def wait(self, step: float) -> None:
        """Wait until `step` seconds after the turn before; the first comes at once."""
        now = self._clock()
        due = now if self._due is None else self._due + step
        if due < now - LATE:
            due = now
        self._due = due
        if due > now:
            self._sleep(due - now)
