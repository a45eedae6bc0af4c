"""Uvicorn's connections, where a client that does not read is let go of."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from streamer.servers.peer import Peer, stall_timeout

if TYPE_CHECKING:
    from uvicorn._types import ASGISendEvent

MOST_WAITING = 4
"""Messages of one WebSocket that may wait to be handled before its socket is read no further."""

CLOSE_SECONDS = 1.0
"""How long a client may take to read what is left for it once its WebSocket is closed."""


class Watched(asyncio.Protocol):
    """A connection that ends where its client takes nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport = cast(asyncio.Transport, transport)
        self._peer = Peer(transport.get_extra_info("socket"), stall_timeout(), transport.abort)
        # What the kernel does not take waits: by itself asyncio takes 64 KB more, several pictures.
        # With 0 it would stop for good under TLS, where it may pause already here.
        transport.set_write_buffer_limits(high=1)

    def connection_lost(self, exc: Exception | None) -> None:
        self._peer.leave()
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        super().pause_writing()
        self._peer.pause()

    def resume_writing(self) -> None:
        super().resume_writing()
        self._peer.resume()


class Http(Watched, H11Protocol):
    """Uvicorn's HTTP."""

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._peer.leave()  # the WebSocket has a watch of its own
        super().handle_websocket_upgrade(event)


class WebSocket(Watched, WebSocketsSansIOProtocol):
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
            self._take_in()

    def _take_in(self) -> None:
        """Have a message handled. Uvicorn stops reading until that is done, two calls of the kernel
        for each acknowledgement; here a few may wait."""
        was_paused = self.read_paused
        may_wait = self.queue.qsize() < MOST_WAITING
        self.read_paused = was_paused or may_wait  # it is told that it has stopped already
        super().send_receive_event_to_app()
        if may_wait:
            self.read_paused = was_paused

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
