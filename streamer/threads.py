"""Threads for the synchronous code of requests."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from itertools import cycle
from typing import Any

from asgiref.sync import ThreadSensitiveContext

COUNT = 8
"""Requests whose synchronous code, such as that of the database, may run at a time."""


class SharedThreads:
    """Has an ASGI application's requests take turns with a few threads.

    By itself Django has a thread for each request until its reply is over, which for a viewer of
    MJPEG is hours.
    """

    def __init__(self, application: Any) -> None:
        self._application = application
        self._threads = cycle([ThreadPoolExecutor(1, "request") for _ in range(COUNT)])

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async with ThreadSensitiveContext(executor=next(self._threads)):
            await self._application(scope, receive, send)
