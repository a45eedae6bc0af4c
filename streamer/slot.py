"""Room for one thing that waits; a newer one takes its place."""

from __future__ import annotations

import asyncio
import threading
from typing import Generic, TypeVar

T = TypeVar("T")


class LatestSlot(Generic[T]):
    """Hands the newest thing to one taker; what was not taken in time is dropped and counted.

    The event loop waits; who puts and who takes may be in a thread.
    """

    def __init__(self) -> None:
        self.dropped = 0
        self._waiting: T | None = None
        self._filled = asyncio.Event()
        self._lock = threading.Lock()

    def put(self, thing: T) -> None:
        """Put `thing` in, in the place of one that still waits; on the event loop."""
        if self._place(thing):
            self._filled.set()

    def put_from_thread(self, thing: T, loop: asyncio.AbstractEventLoop) -> None:
        """Put `thing` in, from any thread; however many come, `loop` is woken once for each that is
        taken."""
        if self._place(thing):
            loop.call_soon_threadsafe(self._filled.set)

    def _place(self, thing: T) -> bool:
        """Put `thing` in; return whether there was nothing."""
        with self._lock:
            was_empty = self._waiting is None
            self.dropped += not was_empty
            self._waiting = thing
            return was_empty

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
