"""Sessions in the database, which may be locked, full or away.

How long one waits for it is the time-out of its connection. Once it has failed, one at a time tries
it again, and all others are told at once: waiting uses up no threads.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError
from django.db import InterfaceError, OperationalError

PAUSE_SECONDS = 1.0
"""How long after a failure the next try comes."""

FAILURES = (OperationalError, InterfaceError)
"""What Django raises where a database does not do what it should."""


class Outage:
    """Whether the database has failed; from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds and never goes back."""
        self._clock = clock
        self._lock = threading.Lock()
        self._is_away = self._is_tried = False
        self._next = 0.0

    @contextmanager
    def asked(self) -> Iterator[None]:
        """Ask the database in the block; OperationalError at once where it has failed, and it is
        not time to try it again or somebody does."""
        with self._lock:
            if self._is_away and (self._is_tried or self._clock() < self._next):
                raise OperationalError("the database has failed a moment ago")
            self._is_tried = True
        try:
            yield
        except FAILURES:
            self._is_away, self._next = True, self._clock() + PAUSE_SECONDS
            raise
        else:
            self._is_away = False
        finally:
            self._is_tried = False


outage = Outage()


class SessionStore(db.SessionStore):
    """Django's sessions in the database. The name is the one that SESSION_ENGINE asks for."""

    def load(self) -> dict[str, Any]:
        with outage.asked():
            return super().load()

    async def aload(self) -> dict[str, Any]:
        with outage.asked():
            return await super().aload()

    def exists(self, session_key: str) -> bool:
        with outage.asked():
            return super().exists(session_key)

    async def aexists(self, session_key: str) -> bool:
        with outage.asked():
            return await super().aexists(session_key)

    def save(self, must_create: bool = False) -> None:
        if self.session_key is None:
            self.create()  # which finds a key, and comes back
            return
        with outage.asked(), _no_mistake():
            super().save(must_create)

    async def asave(self, must_create: bool = False) -> None:
        if self.session_key is None:
            await self.acreate()
            return
        with outage.asked(), _no_mistake():
            await super().asave(must_create)


@contextmanager
def _no_mistake() -> Iterator[None]:
    """Raise what has failed where Django takes any failure for a session that was deleted."""
    try:
        yield
    except UpdateError as error:
        if isinstance(error.__context__, FAILURES):
            raise error.__context__ from None
        raise
