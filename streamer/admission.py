"""Who may come in: bounds on what one process holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamer.errors import Code, MessageError

RETRY_SECONDS = 10
"""When to come back."""


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
