"""What waits at one of daphne's connections: to be read by the client, and to be handled here."""

from __future__ import annotations

import asyncio
from typing import Any

from daphne.ws_protocol import WebSocketProtocol
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from streamer.servers.intake import MOST_WAITING, Intake
from streamer.servers.peer import Peer, stall_timeout

WAITING_BYTES = 16_384
"""What may wait in this process to be sent before `send` waits; by itself Twisted takes 64 KB,
several pictures."""

POLICY_VIOLATION = 1008
"""The close code of who sends too much in pieces, as in the IANA registry of close codes."""


@implementer(IPushProducer)
class Outbox:
    """Whether a connection takes more, as Twisted tells it: a client that does not read fills the
    transport's buffer. Where it takes nothing, the connection ends."""

    def __init__(self, transport: Any) -> None:
        transport.bufferSize = WAITING_BYTES
        self._open = asyncio.Event()
        self._open.set()
        self._peer = Peer(transport.getHandle(), stall_timeout(), transport.abortConnection)

    def pauseProducing(self) -> None:  # noqa: N802, the name in Twisted's interface
        self._open.clear()
        self._peer.pause()

    def resumeProducing(self) -> None:  # noqa: N802
        self._open.set()
        self._peer.resume()

    def stopProducing(self) -> None:  # noqa: N802
        self._open.set()
        self._peer.leave()

    @property
    def is_open(self) -> bool:
        """Tell whether the client has read enough of what was sent."""
        return self._open.is_set()

    async def wait(self) -> None:
        """Wait until the client has read enough of what was sent."""
        await self._open.wait()


class Inbox:
    """The messages of a WebSocket that came and were not handled yet, and the intake before them.
    By itself daphne keeps all of them, and parses a read of 64 KB at once."""

    queue: asyncio.Queue[dict[str, Any]]

    def __init__(self, protocol: WebSocketProtocol) -> None:
        self._protocol = protocol
        transport = protocol.transport
        self._intake = Intake(
            self._parse,
            self._has_room,
            transport.pauseProducing,
            transport.resumeProducing,
            self._end_flood,
        )
        self._parse_now = protocol.dataReceived
        protocol.dataReceived = self._intake.take
        protocol.onOpen = self._intake.more

    def put_nowait(self, message: dict[str, Any]) -> None:
        """Take a message from daphne."""
        is_open = self._protocol.state == self._protocol.STATE_OPEN
        if is_open or message["type"] != "websocket.receive":  # else nobody handles it any more
            self.queue.put_nowait(message)

    async def get(self) -> dict[str, Any]:
        """Return the next message for the application."""
        message = await self.queue.get()
        self._intake.more()
        return message

    def _parse(self, data: bytes) -> None:
        if self._protocol.state == self._protocol.STATE_CLOSED:
            self._intake.end()
        else:
            self._parse_now(data)

    def _has_room(self) -> bool:
        """Tell whether a message may be parsed; once the WebSocket is closed none is kept."""
        if self._protocol.state == self._protocol.STATE_OPEN:
            return self.queue.qsize() < MOST_WAITING
        self._intake.is_closed = bool(self._protocol.state != self._protocol.STATE_CONNECTING)
        return self._intake.is_closed

    def _end_flood(self) -> None:
        if self._protocol.state == self._protocol.STATE_OPEN:
            self._protocol.sendCloseFrame(POLICY_VIOLATION)
        self._protocol.dropConnection()
