"""Room for one thing that waits; a newer one takes its place."""

from __future__ import annotations

import asyncio
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Hands the newest thing to one taker; what was not taken in time is dropped and counted.

    The event loop puts and waits; the taker may be in a thread.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: T | None = None
        self._filled = asyncio.Event()
        self._lock = threading.Lock()

    def put(self, thing: T) -> None:
        """Put `thing` in, in the place of one that still waits."""
        with self._lock:
            if self._waiting is not None:
                self.dropped += 1
            self._waiting = thing
            self._filled.set()

    async def filled(self) -> None:
        """Wait until there is something to take."""
        await self._filled.wait()

    def take(self) -> T:
        """Return what waits; LookupError where nothing does."""
        with self._lock:
            if self._waiting is None:
                raise LookupError("the slot is empty: wait until it is filled")
            thing, self._waiting = self._waiting, None
            self._filled.clear()  # sets a flag only: whoever waits has been woken before
            return thing
