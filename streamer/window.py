"""How many pictures may be on their way to one viewer."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

FEW, MANY = 1.0, 2.0
"""Pictures that wait somewhere on the way: with fewer the window grows, with more it shrinks."""

SMALLEST, LARGEST = 2.0, 16.0
"""Bounds of the window. Sixteen pictures cover half a second there and back at 30 a second."""

DOUBT_SECONDS = 10.0
"""How long pictures may seem to wait before the way is measured anew by one that goes alone: it may
have become longer. So does BBR, for the same reason: Cardwell and others, "BBR: Congestion-Based
Congestion Control", ACM Queue 14 (5), 2016."""


class Window:
    """Lets out as many pictures as the way there and back holds, so that none waits on it for long.

    What takes longer than the shortest time there and back is waiting: of `size` pictures, the
    share 1 - shortest / newest. Brakmo and Peterson, "TCP Vegas: End to End Congestion Avoidance on
    a Global Internet", IEEE JSAC 13 (8), 1995.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Start small. `clock` tells seconds and never goes back."""
        self.size = SMALLEST
        self._clock = clock
        self._sent: dict[int, float] = {}
        self._last = 0
        self._shortest = math.inf
        self._sure_at = clock()
        """When what was on the way last did not wait."""
        self._goes_alone = False
        """Whether the next picture waits until no other is on its way."""
        self._alone: int | None = None
        """The number of the picture that went so."""

    @property
    def is_open(self) -> bool:
        """Tell whether another picture may be sent."""
        return len(self._sent) < (1 if self._goes_alone else int(self.size))

    def sent(self, seq: int) -> None:
        """Note that the picture `seq` is on its way; numbers grow."""
        if self._goes_alone and not self._sent:
            self._alone = seq
        self._sent[seq] = self._clock()
        self._last = seq

    def acked(self, seq: int) -> None:
        """Note that all up to `seq` have arrived; ValueError for one that was not sent."""
        if seq > self._last:
            raise ValueError(f"Expected a picture up to {self._last}, came {seq}")
        was_full = len(self._sent) >= int(self.size)
        took = self._clock() - self._sent[seq] if seq in self._sent else None
        for arrived in [each for each in self._sent if each <= seq]:
            del self._sent[arrived]
        if self._alone is not None and seq >= self._alone:
            self._alone, self._goes_alone, self._shortest = None, False, math.inf
        if took is not None and not self._goes_alone:
            self._adapt(took, was_full)

    def _adapt(self, took: float, was_full: bool) -> None:
        self._shortest = min(self._shortest, took)
        waiting = self.size * (1 - self._shortest / took) if took else 0.0
        if waiting < FEW:
            self._sure_at = self._clock()
            if was_full:
                self.size = min(LARGEST, self.size + 1 / self.size)
        elif waiting > MANY:
            self.size = max(SMALLEST, self.size - 1 / self.size)
        self._goes_alone = self._clock() - self._sure_at > DOUBT_SECONDS
