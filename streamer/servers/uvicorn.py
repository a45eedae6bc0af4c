"""Uvicorn."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from types import FrameType
from typing import Any

import uvicorn

from streamer import build
from streamer.servers import SERVER_NAME, drain, handles, turns
from streamer.servers.connections import Http, WebSocket
from streamer.servers.peer import PING_SECONDS, PONG_SECONDS

BACKLOG = 2048
"""Connections that may wait to be taken, as many as uvicorn has by default."""

TAKEN_AT_ONCE = 8
"""Connections that are taken before those that are there have their turn. Where no file handle is
left asyncio tries as often all the same."""

OPTIONS: dict[str, Any] = {
    "interface": "asgi3",
    "lifespan": "on",
    # What is in pure Python will do. uvloop and httptools save 5 microseconds each of a frame that
    # takes milliseconds, and would have to be compiled for some machines.
    "loop": "asyncio",
    "http": Http,
    # "websockets" is deprecated, wsproto takes twice the time for a frame.
    "ws": WebSocket,
    "ws_max_size": 1 << 20,
    "ws_ping_interval": PING_SECONDS,
    "ws_ping_timeout": PONG_SECONDS,
    "ws_per_message_deflate": False,  # 0.8 ms a frame, and a JPEG gets no smaller
    # By default it believes what this machine's programs say about who their client is.
    "proxy_headers": False,
    "backlog": TAKEN_AT_ONCE,
    "log_config": None,  # Django's LOGGING is in charge
    "access_log": False,
    # As daphne does it.
    "server_header": False,
    "headers": [("Server", SERVER_NAME)],
    "date_header": False,
}
"""What uvicorn is told, whoever starts it."""


class StoppableServer(uvicorn.Server):
    """Uvicorn, which ends in good time whatever its clients do. Flow control it has by itself:
    `send` waits for the client, and a WebSocket is read when the messages before are handled."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._drain = drain.Drain()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        turns.shorten()
        self._loop = asyncio.get_running_loop()
        self._loop.set_exception_handler(handles.on_trouble)
        await super().startup(sockets)
        for listener in sockets or []:
            listener.listen(BACKLOG)  # asyncio has one number for this and for TAKEN_AT_ONCE

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._drain.begin()
        await self._drain.give(build.close(), drain.LEAVE)
        cut = self._loop.call_later(self._drain.left(drain.CUT), self._cut)
        await super().shutdown(sockets)
        cut.cancel()
        self._drain.over()

    async def _wait_tasks_to_complete(self) -> None:
        waits = asyncio.ensure_future(super()._wait_tasks_to_complete())
        await self._drain.wait([waits], drain.CANCEL)
        waits.cancel()
        tasks = list(self.server_state.tasks)
        for task in tasks:
            task.cancel()
        await self._drain.wait(tasks, drain.CLEAN)

    def _cut(self) -> None:
        """Cut what is still open, so that applications end as they do when a client leaves."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Uvicorn's own raises the signal again when all has ended: a failure to who sent it.
        if self.should_exit and self.started:
            self._loop.call_soon_threadsafe(self._hurry)
        self.should_exit = True
        self._drain.begin()

    def _hurry(self) -> None:
        self._drain.hurry()
        self._cut()


class UvicornServer(StoppableServer):
    """Uvicorn on one address."""

    def __init__(
        self, application: Any, ip: str, port: int, on_listening: Callable[[int], None]
    ) -> None:
        super().__init__(uvicorn.Config(application, **OPTIONS))
        self._address = (ip.strip("[]"), port)
        self._on_listening = on_listening
        self.failure: Exception | None = None

    def run(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            listener = _listen(self._address)
        except OSError as failure:  # uvicorn would tell the log, and end the process
            self.failure = failure
        else:
            super().run(sockets=[listener])

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_listening(self.servers[0].sockets[0].getsockname()[1])


def _listen(address: tuple[str, int]) -> socket.socket:
    """Return a socket that takes connections; it is bound as daphne's is."""
    family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        if os.name == "posix":  # elsewhere it would share the port with another program
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener
