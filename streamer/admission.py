"""Who may come in: bounds on what one process holds, and its end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from streamer.errors import Code, MessageError

RETRY_SECONDS = 10
"""When to come back."""

LEAVE_SECONDS = 2.0
"""How long those who are told to leave may take: to be told, and to say good-bye."""


class Places:
    """Counts those of one kind that are there."""

    def __init__(self, kind: str) -> None:
        """`kind` is what to call them, such as webcams."""
        self._kind = kind
        self.taken = 0

    def check(self, most: int) -> None:
        """MessageError where `most` are taken."""
        if self.taken >= most:
            raise MessageError(
                Code.FULL,
                f"The server is full ({self._kind} at a time: {most}). Try again in "
                f"{RETRY_SECONDS} s.",
                fatal=True,
            )

    @contextmanager
    def hold(self, most: int) -> Iterator[None]:
        """Hold a place while the block runs; MessageError where `most` are taken."""
        self.check(most)
        self.taken += 1
        try:
            yield
        finally:
            self.taken -= 1


class Admission:
    """The door of one process."""

    def __init__(self) -> None:
        self.webcams = Places("webcams")
        self.viewers = Places("viewers")
        self._inside: dict[object, Callable[[MessageError], None]] = {}
        self._is_closed = False
        self._empty = asyncio.Event()

    @contextmanager
    def inside(self, leave: Callable[[MessageError], None]) -> Iterator[None]:
        """Be called with the reason, while the block runs, when it is time to leave; MessageError
        where nobody is let in any more."""
        if self._is_closed:
            raise _restarting()
        one = object()
        self._inside[one] = leave
        try:
            yield
        finally:
            del self._inside[one]
            if not self._inside:
                self._empty.set()

    async def close(self) -> None:
        """Let nobody in any more, have all leave, and wait for them a little."""
        self._is_closed = True
        if not self._inside:
            return
        self._empty.clear()
        for leave in list(self._inside.values()):
            leave(_restarting())
        with suppress(TimeoutError):  # who does not go is cut off by the server
            async with asyncio.timeout(LEAVE_SECONDS):
                await self._empty.wait()


def _restarting() -> MessageError:
    trouble = "The server is restarting. Connect again in a few seconds."
    return MessageError(Code.RESTARTING, trouble, fatal=True)
