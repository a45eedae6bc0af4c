"""The cameras of an application begin with its server, and end with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from streamer.errors import StreamerError


class Lifespan:
    """An application around which `start` is called when its server starts, and `stop` is awaited
    when that stops, as ASGI's lifespan protocol tells it.

    Daphne does not speak it: with its bare command all begins with the first connection. Both may
    be called more than once.
    """

    def __init__(
        self, application: Any, start: Callable[[], None], stop: Callable[[], Awaitable[None]]
    ) -> None:
        self._application = application
        self._start = start
        self._stop = stop
        self._started = False

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        if not self._started:
            self._begin()
        await self._application(scope, receive, send)

    def _begin(self) -> None:
        self._start()
        self._started = True

    async def _live(self, receive: Any, send: Any) -> None:
        await receive()
        try:
            self._begin()
        except StreamerError as error:
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self._stop()
        await send({"type": "lifespan.shutdown.complete"})
