"""A piece of work for a thread, and how long it has taken."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextvars import copy_context
from typing import Generic, TypeVar

from streamer.errors import DeadlineError

T = TypeVar("T")

TICKS = 10
"""How often within its deadline a job is looked at."""
MOST_TICKS = 2
"""Ticks that a job ages by from one look to the next at the most: while this process is stopped, or
the machine asleep, nobody works."""


class Job(Generic[T]):
    """One piece of work, done in the context of who wants it."""

    def __init__(
        self, work: Callable[[], T], deadline: float, done: asyncio.Future[None] | None = None
    ) -> None:
        """Let the work take `deadline` seconds, not counting those that it waits for its turn;
        `done` is for who waits for it."""
        self.deadline = deadline
        self.since = self.age = self.seconds = 0.0
        """When it began; its age in seconds at the last look; the seconds that it took."""
        self.done = done
        self._most = deadline * MOST_TICKS / TICKS
        self._work = work
        self._context = copy_context()
        self._result: T
        self._error: BaseException | None = None

    def run(self, clock: Callable[[], float]) -> None:
        """Do the work, in a thread."""
        try:
            self._result = self._context.run(self._work)
        except BaseException as error:  # it is for who waits
            self._error = error
        self.seconds = min(clock() - self.since, self.age + self._most)

    def grow(self, elapsed: float, now: float) -> None:
        """Age by the seconds since the last look, or since it began; by less where those are too
        many."""
        self.age += max(0.0, min(elapsed, now - self.since, self._most))

    def fail(self, error: DeadlineError) -> None:
        """Have it over without a result."""
        self._error = error
        self.tell()

    def tell(self) -> None:
        """Wake who waits; on the event loop."""
        if self.done and not self.done.done():
            self.done.set_result(None)

    @property
    def is_unwanted(self) -> bool:
        """Whether who waited has left."""
        return self.done is not None and self.done.cancelled()

    async def result(self) -> T:
        """Return what the work returns, or raise what it raises; once."""
        if self.done:
            await self.done
        error, self._error = self._error, None
        if error is None:
            return self._result
        try:
            raise error
        finally:
            del error  # its traceback has this frame, which would keep it
