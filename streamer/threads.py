"""Threads for the synchronous code of requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.http import parse_cookie

COUNT = 8
"""Requests whose synchronous code may run at a time: as many again where it may wait for the
database."""

SAFE = {"GET", "HEAD", "OPTIONS"}
"""What is asked without a wish to change something."""


class SharedThreads:
    """Has an ASGI application's requests and WebSockets take turns with a few threads.

    By itself Django has a thread for each request until its reply is over, which for a viewer of
    MJPEG is hours; and Channels has one for all WebSockets. Who may have to wait for the database
    has other threads than who need not.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._threads = cycle(_threads("request"))
        self._patient = cycle(_threads("patient"))

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        threads = self._patient if _may_need_database(scope) else self._threads
        async with ThreadSensitiveContext(executor=next(threads)):
            await self._application(scope, receive, send)


def _threads(name: str) -> list[ThreadPoolExecutor]:
    return [ThreadPoolExecutor(1, name) for _ in range(COUNT)]


def _may_need_database(scope: Any) -> bool:
    """Tell whether somebody brings a session or changes something: who only asks, with a token or a
    link or as a stranger, needs no database."""
    if scope.get("method", "GET") not in SAFE:
        return True
    cookies = (value.decode("latin-1") for name, value in scope["headers"] if name == b"cookie")
    return any(settings.SESSION_COOKIE_NAME in parse_cookie(each) for each in cookies)
