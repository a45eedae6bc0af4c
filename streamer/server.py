"""The daphne server that `manage.py serve` runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from twisted.internet import reactor
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

INBOX = "videostream.inbox"
"""Where a connection's scope holds its inbox until the application starts."""

MOST_WAITING = 64
"""Messages of one WebSocket that may wait to be handled before its socket is read further."""


@implementer(IPushProducer)
class Outbox:
    """Whether a connection takes more, as Twisted tells it: a client that does not read fills the
    transport's buffer."""

    def __init__(self) -> None:
        self._open = asyncio.Event()
        self._open.set()

    def pauseProducing(self) -> None:  # noqa: N802, the name in Twisted's interface
        self._open.clear()

    def resumeProducing(self) -> None:  # noqa: N802
        self._open.set()

    def stopProducing(self) -> None:  # noqa: N802
        self._open.set()

    async def wait(self) -> None:
        """Wait until the client has read enough of what was sent."""
        await self._open.wait()


class Inbox:
    """The messages that came and were not handled yet. While they are many the socket is not read,
    so that a flood waits at its sender."""

    queue: asyncio.Queue[dict[str, Any]]

    def __init__(self, transport: Any) -> None:
        self._transport = transport
        self._paused = False

    def put_nowait(self, message: dict[str, Any]) -> None:
        """Take a message from daphne."""
        self.queue.put_nowait(message)
        if not self._paused and self.queue.qsize() >= MOST_WAITING:
            self._paused = True
            self._transport.pauseProducing()

    async def get(self) -> dict[str, Any]:
        """Return the next message for the application."""
        message = await self.queue.get()
        if self._paused and self.queue.qsize() < MOST_WAITING // 2:
            self._paused = False
            self._transport.resumeProducing()
        return message


class DaphneServer(Server):
    """Daphne on one address, with flow control of WebSockets: sending waits for who reads slowly,
    and who sends too fast is read as fast as messages are handled.

    Daphne itself keeps all that is not read, and all that is not handled, however much that is.
    """

    def __init__(
        self, application: Any, host: str, port: int, on_listening: Callable[[int], None]
    ) -> None:
        """Call `on_listening` with the port once connections are taken; port 0 means any."""

        async def from_inbox(scope: dict[str, Any], receive: Any, send: Any) -> None:
            inbox = scope.pop(INBOX, None)
            await application(scope, inbox.get if inbox else receive, send)

        endpoints = build_endpoint_description_strings(host=host, port=port)
        super().__init__(from_inbox, endpoints=endpoints, server_name="VideoStream")
        self._on_listening = on_listening
        self._outboxes: dict[Any, Outbox] = {}
        self.failure: Exception | None = None

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        # Once the reactor runs: until then a signal to stop is not handled.
        reactor.callWhenRunning(self._on_listening, port.getHost().port)

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.value
        self.stop()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        outbox = self._outboxes[protocol] = Outbox()
        protocol.transport.unregisterProducer()  # that of the HTTP request it began as
        protocol.transport.registerProducer(outbox, True)
        inbox = scope[INBOX] = Inbox(protocol.transport)
        inbox.queue = super().create_application(protocol, scope)
        return inbox

    def protocol_disconnected(self, protocol: Any) -> None:
        super().protocol_disconnected(protocol)
        if outbox := self._outboxes.pop(protocol, None):
            outbox.stopProducing()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        await super().handle_reply(protocol, message)
        if message["type"] == "websocket.send" and (outbox := self._outboxes.get(protocol)):
            await outbox.wait()
