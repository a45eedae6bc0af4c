"""Cameras begin and end with the server."""

import asyncio
from typing import Any

from streamer.errors import SettingsError
from streamer.servers.lifespan import Lifespan


class Site:
    """An application and its cameras, which note what happens to them."""

    def __init__(self, fault: Exception | None = None) -> None:
        self.happened: list[str] = []
        self._fault = fault
        self.application = Lifespan(self._answer, self._start, self._stop)

    def _start(self) -> None:
        if self._fault:
            raise self._fault
        self.happened.append("start")

    async def _stop(self) -> None:
        self.happened.append("stop")

    async def _answer(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        self.happened.append(scope["type"])

    async def live(self) -> list[dict[str, Any]]:
        """Go through a server's life, with one request; return what the server is told."""
        told: list[dict[str, Any]] = []
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

        async def send(message: dict[str, Any]) -> None:
            told.append(message)
            if message["type"] == "lifespan.startup.complete":
                await self.application({"type": "http"}, None, None)
                messages.put_nowait({"type": "lifespan.shutdown"})

        messages.put_nowait({"type": "lifespan.startup"})
        await self.application({"type": "lifespan"}, messages.get, send)
        return told


async def test_cameras_begin_before_the_first_request_and_end_with_the_server() -> None:
    site = Site()
    told = await site.live()
    assert site.happened == ["start", "http", "stop"]
    assert [message["type"] for message in told] == [
        "lifespan.startup.complete",
        "lifespan.shutdown.complete",
    ]


async def test_a_server_is_told_in_words_of_settings_that_cannot_be_used() -> None:
    site = Site(SettingsError("CAMERAS: porch cannot be used."))
    assert await site.live() == [
        {"type": "lifespan.startup.failed", "message": "CAMERAS: porch cannot be used."}
    ]


async def test_without_a_lifespan_cameras_begin_once_with_the_first_connection() -> None:
    site = Site()
    await site.application({"type": "websocket"}, None, None)
    await site.application({"type": "http"}, None, None)
    assert site.happened == ["start", "websocket", "http"]
