"""Uvicorn."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable
from types import FrameType
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from streamer.servers import SERVER_NAME

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

BACKLOG = 2048
"""Connections that may wait to be taken, as many as uvicorn has by default."""

STOP_SECONDS = 10
"""How long connections may take to end once the server is to stop."""

CUT_SECONDS = 3
"""How long after the stop connections are cut that go on, so that they end within the former."""

CLOSE_SECONDS = 1.0
"""How long a client may take to read what is left for it once its WebSocket is closed."""


class WebSocket(WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket, where a client that does not read, or that breaks the rules, is let go
    of all the same.

    Uvicorn itself waits until all was read: to send the close, and to end the connection.
    """

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "websocket.close" and self.handshake_complete:
            if self.close_sent or self.disconnected:
                return
            self.writable.set()  # it is the last message: nothing is saved by waiting
            self._cut_soon()
        else:
            await self.writable.wait()
            if self.close_sent:  # meanwhile: uvicorn would call it the application's fault
                raise ClientDisconnected
        await super().send(message)

    def data_received(self, data: bytes) -> None:
        if self.pong_timer:  # who sends is there, however late it reads the ping
            self.pong_timer.cancel()
            self.pong_timer = self.pending_ping_payload = None
            self.schedule_ping()
        super().data_received(data)
        if self.conn.handshake_exc and not self.handshake_initiated:
            self.transport.abort()  # a hand-shake that cannot be read, such as one of 10 KB

    def handle_parser_exception(self) -> None:
        if self.conn.close_sent:
            super().handle_parser_exception()
        else:
            self.transport.abort()  # it spoke before the hand-shake was over

    def send_receive_event_to_app(self) -> None:
        # Uvicorn would tell the log with a traceback, as often as a stranger likes.
        if self.curr_msg_data_type == "text" and not _is_text(b"".join(self.frames)):
            self.conn.send_close(CloseCode.INVALID_DATA)
            self.handle_parser_exception()
        else:
            super().send_receive_event_to_app()

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the answer, which would wait with all the others

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut_soon()

    def _cut_soon(self) -> None:
        self.loop.call_later(CLOSE_SECONDS, self.transport.abort)


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


class UvicornServer(uvicorn.Server):
    """Uvicorn on one address. Flow control it has by itself: `send` waits for the client, and a
    WebSocket is read when the messages before are handled."""

    def __init__(
        self, application: Any, ip: str, port: int, on_listening: Callable[[int], None]
    ) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                interface="asgi3",
                lifespan="off",  # Channels has none
                # What is in pure Python will do. uvloop and httptools save 5 microseconds each of
                # a frame that takes milliseconds, and would have to be compiled for some machines.
                loop="asyncio",
                http="h11",
                # "websockets" is deprecated, wsproto takes twice the time for a frame.
                ws=WebSocket,
                ws_max_size=1 << 20,
                ws_ping_timeout=30,  # as daphne has it
                ws_per_message_deflate=False,  # 0.8 ms a frame, and a JPEG gets no smaller
                # By default it believes what this machine's programs say about who their client is.
                proxy_headers=False,
                timeout_graceful_shutdown=STOP_SECONDS,
                backlog=BACKLOG,
                log_config=None,  # Django's LOGGING is in charge
                access_log=False,
                # As daphne does it.
                server_header=False,
                headers=[("Server", SERVER_NAME)],
                date_header=False,
            )
        )
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

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        cut = asyncio.get_running_loop().call_later(CUT_SECONDS, self._cut)
        await super().shutdown(sockets)
        cut.cancel()

    def _cut(self) -> None:
        """Cut what is still open, so that applications end as they do when a client leaves."""
        for connection in list(self.server_state.connections):
            connection.transport.abort()

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # Uvicorn's own raises the signal again when all has ended: a failure to who sent it.
        self.force_exit = self.should_exit
        self.should_exit = True


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
