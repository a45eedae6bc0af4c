"""Who may come in: a bound on what one process holds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from streamer.errors import Code, MessageError

RETRY_SECONDS = 10


class Admission:
    """Counts the sessions that are open."""

    def __init__(self) -> None:
        self.sessions = 0

    @contextmanager
    def session(self, most: int) -> Iterator[None]:
        """Hold a place for a session while the block runs; MessageError where `most` are open."""
        if self.sessions >= most:
            raise MessageError(
                Code.FULL,
                f"The server is full (webcams at a time: {most}). Try again in {RETRY_SECONDS} s.",
                fatal=True,
            )
        self.sessions += 1
        try:
            yield
        finally:
            self.sessions -= 1
