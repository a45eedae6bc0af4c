"""Who may come in: bounds on what one process holds, and its end."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress

from streamer.bucket import Tries
from streamer.caller import Caller
from streamer.errors import Code, MessageError

RETRY_SECONDS = 10
"""When to come back."""

LEAVE_SECONDS = 2.0
"""How long those who are told to leave may take: to be told, and to say good-bye."""


class Places:
    """Counts those that are there, in all and of each owner."""

    def __init__(self, trouble: str, code: Code) -> None:
        """`trouble` tells who finds no place why, with `{}` for how many there are."""
        self._trouble = trouble
        self._code = code
        self._taken: Counter[Hashable] = Counter()

    @property
    def taken(self) -> int:
        """How many are there in all."""
        return self._taken.total()

    def check(self, most: int, owner: Hashable = None, note: str = "") -> None:
        """MessageError, with a note at its end, where `most` of this owner are there."""
        if self._taken[owner] >= most:
            raise MessageError(
                self._code,
                f"{self._trouble.format(most)} Try again in {RETRY_SECONDS} s.{note}",
                fatal=True,
            )

    @contextmanager
    def hold(self, most: int, owner: Hashable = None, note: str = "") -> Iterator[None]:
        """Hold a place while the block runs; MessageError likewise."""
        self.check(most, owner, note)
        self._taken[owner] += 1
        try:
            yield
        finally:
            self._taken[owner] -= 1
            if not self._taken[owner]:
                del self._taken[owner]


class Admission:
    """The door of one process."""

    def __init__(self) -> None:
        self.webcams = Places("The server is full (webcams at a time: {}).", Code.FULL)
        self.viewers = Places("The server is full (viewers at a time: {}).", Code.FULL)
        many = "There are {} webcams {} already, as many as may be at a time."
        self.webcams_of_address = Places(many.format("{}", "from your address"), Code.TOO_MANY)
        self.webcams_of_user = Places(many.format("{}", "of your log-in"), Code.TOO_MANY)
        self._handshakes = Tries()
        self.logins = Tries()
        """Wrong passwords, by address."""
        self._inside: dict[object, Callable[[MessageError], None]] = {}
        self.is_closed = False
        """Whether nobody is let in any more."""
        self._empty = asyncio.Event()

    def shake_hands(self, caller: Caller, most: int) -> None:
        """Note that somebody opens a WebSocket; MessageError where they opened `most` within a
        minute."""
        if not self._handshakes.may(caller.address, most):
            raise MessageError(
                Code.TOO_MANY,
                f"Expected at most {most} connections a minute from your address, came more. Try "
                f"again in {RETRY_SECONDS} s.{caller.note}",
                fatal=True,
            )
        self._handshakes.note(caller.address)

    @contextmanager
    def inside(self, leave: Callable[[MessageError], None]) -> Iterator[None]:
        """Be called with the reason, while the block runs, when it is time to leave; MessageError
        where nobody is let in any more."""
        if self.is_closed:
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
        self.is_closed = True
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
