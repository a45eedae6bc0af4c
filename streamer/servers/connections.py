"""Uvicorn's connections, bounded in what a client may send and in how long it may take."""

from __future__ import annotations

import asyncio
import socket
import struct
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import CloseCode

from streamer.servers import handles
from streamer.servers.intake import MOST_WAITING, Intake
from streamer.servers.peer import Peer, stall_timeout
from streamer.servers.refusal import REQUEST_SECONDS, refusal

if TYPE_CHECKING:
    from uvicorn._types import ASGIReceiveEvent, ASGISendEvent

CLOSE_SECONDS = 1.0
"""How long a client may take to read what is left for it once its WebSocket is closed."""

READ_BYTES = 65_536
"""What is read at a time, as with daphne. By itself asyncio makes room for 256 KB for each read,
which takes most of a millisecond when that much is there."""

SLICE_BYTES = 2048
"""What of a request is parsed before it is looked at: a body in pieces of one byte is refused as
soon as its head is known."""


class Watched(asyncio.Protocol):
    """A connection that ends where its client takes nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        transport = cast(asyncio.Transport, transport)
        reset = partial(_reset, transport)
        self._peer = Peer(transport.get_extra_info("socket"), stall_timeout(), reset)
        # What the kernel does not take waits: by itself asyncio takes 64 KB more, several pictures.
        # With 0 it would stop for good under TLS, where it may pause already here.
        transport.set_write_buffer_limits(high=1)
        transport.max_size = READ_BYTES  # type: ignore[attr-defined]  # asyncio's own name

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
    """Uvicorn's HTTP, where a request has to come as a whole within REQUEST_SECONDS."""

    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if handles.are_few():
            self.transport.abort()
        else:
            self._watch_request()

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._stop_deadline()

    def data_received(self, data: bytes) -> None:
        for at in range(0, len(data), SLICE_BYTES):
            if self.transport.is_closing() or self.transport.get_protocol() is not self:
                return
            super().data_received(data[at : at + SLICE_BYTES])

    def handle_events(self) -> None:
        super().handle_events()
        if self.transport.get_protocol() is self:  # else it is a WebSocket now
            self._watch_request()

    def _watch_request(self) -> None:
        """Begin to wait for a request, or for the rest of one, or end that."""
        if self.conn.their_state not in (h11.IDLE, h11.SEND_BODY):
            self._stop_deadline()
        elif self._deadline is None:
            self._deadline = self.loop.call_later(REQUEST_SECONDS, self.transport.close)

    def _stop_deadline(self) -> None:
        if self._deadline:
            self._deadline.cancel()
            self._deadline = None

    def _refuse(self, status: HTTPStatus) -> None:
        """Answer in the place of the application, which is told that its client has gone."""
        if not self.transport.is_closing():
            self.transport.write(refusal(status))
            self.transport.close()

    def send_400_response(self, msg: str) -> None:
        self._refuse(HTTPStatus.BAD_REQUEST)

    def _should_upgrade(self) -> bool:
        # Uvicorn asks this of each request, just before it begins the application.
        if any(name == b"transfer-encoding" for name, _ in self.headers):
            self.app = _wait_for_end
            self._refuse(HTTPStatus.LENGTH_REQUIRED)
            return False
        return super()._should_upgrade()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        self._peer.leave()  # the WebSocket has a watch of its own
        self._stop_deadline()
        super().handle_websocket_upgrade(event)


class WebSocket(Watched, WebSocketsSansIOProtocol):
    """Uvicorn's WebSocket, where a client that does not read, that sends too much in pieces, or
    that breaks the rules, is let go of all the same.

    Uvicorn itself waits until all was read: to send the close, and to end the connection.
    """

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._intake = Intake(
            self._parse,
            self._has_room,
            self.transport.pause_reading,
            self.transport.resume_reading,
            self._end_flood,
        )
        self._hand_shake = self.loop.call_later(REQUEST_SECONDS, self._give_up)

    def connection_lost(self, exc: Exception | None) -> None:
        self._hand_shake.cancel()
        self._intake.end()
        super().connection_lost(exc)

    async def receive(self) -> ASGIReceiveEvent:
        message = await super().receive()
        self._intake.more()
        return message

    async def send(self, message: ASGISendEvent) -> None:
        if message["type"] == "websocket.close" and self.handshake_complete:
            if self.close_sent or self.disconnected:
                return
            self.writable.set()  # it is the last message: nothing is saved by waiting
            self._cut_soon()
        else:
            await self.writable.wait()
            # Uvicorn would call it the application's fault that its client has gone meanwhile.
            is_late = message["type"] == "websocket.send" and self.transport.is_closing()
            if self.close_sent or is_late:
                raise ClientDisconnected
        await super().send(message)
        self._intake.is_closed = self.close_sent
        if message["type"] != "websocket.send":
            self._intake.more()  # the hand-shake is over, or nothing is kept any more

    def data_received(self, data: bytes) -> None:
        if self.pong_timer:  # who sends is there, however late it reads the ping
            self.pong_timer.cancel()
            self.pong_timer = self.pending_ping_payload = None
            self.schedule_ping()
        if self.handshake_initiated:
            self._intake.take(data)
            return
        super().data_received(data)
        if self.conn.handshake_exc and not self.handshake_initiated:
            self.transport.abort()  # a hand-shake that cannot be read, such as one of 10 KB

    def _parse(self, data: bytes) -> None:
        if self.transport.is_closing():
            self._intake.end()
        else:
            super().data_received(data)

    def _has_room(self) -> bool:
        """Tell whether a message may be parsed; once the WebSocket is closed none is kept."""
        return self.close_sent or (self.handshake_complete and self.queue.qsize() < MOST_WAITING)

    def _end_flood(self) -> None:
        if self.close_sent:
            self.transport.abort()
        elif not self.transport.is_closing():
            self.conn.fail(CloseCode.POLICY_VIOLATION, "too many small pieces")
            self.handle_parser_exception()
            self._cut_soon()

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
            # Uvicorn would stop reading until the message is handled, two calls of the kernel for
            # each acknowledgement. It is told that it has stopped already: the intake does that.
            self.read_paused = True
            super().send_receive_event_to_app()
            self.read_paused = False

    def handle_ping(self) -> None:
        if self.writable.is_set():
            super().handle_ping()
        else:
            self.conn.data_to_send()  # the answer, which would wait with all the others

    def keepalive_timeout(self) -> None:
        super().keepalive_timeout()
        self._cut_soon()

    def _give_up(self) -> None:
        if not self.handshake_complete:
            self.transport.abort()

    def _cut_soon(self) -> None:
        self.loop.call_later(CLOSE_SECONDS, self.transport.abort)


async def _wait_for_end(_: Any, receive: Any, __: Any) -> None:
    """Be the application of a request that was answered, until its connection has ended."""
    while (await receive())["type"] != "http.disconnect":
        pass


def _reset(transport: asyncio.Transport) -> None:
    """End a connection so that its client sees it, and the kernel keeps nothing for it."""
    linger = struct.pack("ii", 1, 0)
    transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    transport.abort()


def _is_text(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True
