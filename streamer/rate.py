"""How often something happens."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable


class RateMeter:
    """Events a second over the last few seconds."""

    def __init__(self, seconds: float = 2.0, clock: Callable[[], float] = time.monotonic) -> None:
        """Look back over `seconds`; `clock` tells seconds and never goes back."""
        self._seconds = seconds
        self._clock = clock
        self._times: deque[float] = deque()

    def tick(self) -> None:
        """Note that it happened now."""
        now = self._clock()
        self._times.append(now)
        while now - self._times[0] > self._seconds:
            self._times.popleft()

    @property
    def per_second(self) -> float:
        """Events a second between the first and the last noted; 0 with fewer than two."""
        if len(self._times) < 2:
            return 0.0
        elapsed = self._times[-1] - self._times[0]
        return (len(self._times) - 1) / elapsed if elapsed else 0.0
