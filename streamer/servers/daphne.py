"""Daphne, with the flow control that it lacks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IPushProducer
from zope.interface import implementer

from streamer import build
from streamer.servers import SERVER_NAME
from streamer.servers.body import MAX_BODY_BYTES
from streamer.servers.peer import Peer, stall_timeout

INBOX = "videostream.inbox"
"""Where a connection's scope holds its inbox until the application starts."""

MOST_WAITING = 64
"""Messages of one WebSocket that may wait to be handled before its socket is read further."""

WAITING_BYTES = 16_384
"""What may wait in this process to be sent before `send` waits; by itself Twisted takes 64 KB,
several pictures."""

END_SECONDS = 4
"""How long applications may take to end when the server stops, before they are cancelled; and
once more after that."""

RESTARTING = 1012
"""The close code of a server that goes down, as in the IANA registry of close codes."""


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
    """Daphne on one address. By itself it keeps all that is not read, and all that is not handled,
    however much that is; and it does not tell the application of start and stop, so that cameras
    are told here."""

    def __init__(
        self, application: Any, ip: str, port: int, on_listening: Callable[[int], None]
    ) -> None:

        async def from_inbox(scope: dict[str, Any], receive: Any, send: Any) -> None:
            inbox = scope.pop(INBOX, None)
            await application(scope, inbox.get if inbox else receive, send)

        endpoints = build_endpoint_description_strings(host=ip, port=port)
        super().__init__(from_inbox, endpoints=endpoints, server_name=SERVER_NAME)
        self._on_listening = on_listening
        self._outboxes: dict[Any, Outbox] = {}
        self.failure: Exception | None = None

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        # Once the reactor runs: until then there is no loop, and a signal to stop is not handled.
        later: Any = reactor.callLater  # what types it takes self for an argument
        later(0, self._begin, port.getHost().port)

    def _begin(self, port: int) -> None:
        try:
            build.start_streams()
        except Exception as failure:  # the command tells it
            self.failure = failure
            self.stop()
        else:
            self._on_listening(port)

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.value
        self.stop()

    def protocol_connected(self, protocol: Any) -> None:
        super().protocol_connected(protocol)
        if isinstance(protocol, WebRequest):
            protocol.handleContentChunk = partial(self._take_in, protocol)

    @staticmethod
    def _take_in(request: WebRequest, data: bytes) -> None:
        """Keep a piece of a request's body. Daphne keeps all of it before it asks for an answer."""
        if request.content.tell() + len(data) <= MAX_BODY_BYTES:
            request.content.write(data)
        elif not request.channel.transport.disconnecting:
            request.channel.transport.write(b"HTTP/1.1 413 Content Too Large\r\n\r\n")
            request.channel.loseConnection()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        transport = protocol.transport
        outbox = self._outboxes[protocol] = Outbox(transport)
        if scope["type"] != "websocket":
            protocol.registerProducer(outbox, True)
            protocol.handle_exception = partial(self._failed, protocol)
            return super().create_application(protocol, scope)
        transport.unregisterProducer()  # that of the HTTP request it began as
        transport.registerProducer(outbox, True)
        # Twisted stops reading where a client speaks before its hand-shake is over; let it fail.
        asyncio.get_running_loop().call_soon(transport.resumeProducing)
        protocol.onPing = partial(self._answer_ping, protocol, outbox)
        inbox = scope[INBOX] = Inbox(transport)
        inbox.queue = super().create_application(protocol, scope)
        return inbox

    def protocol_disconnected(self, protocol: Any) -> None:
        super().protocol_disconnected(protocol)
        if outbox := self._outboxes.pop(protocol, None):
            outbox.stopProducing()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            self._release(protocol)
        await super().handle_reply(protocol, message)
        waits = message["type"] in ("websocket.send", "http.response.body")
        if waits and (outbox := self._outboxes.get(protocol)):
            await outbox.wait()

    @staticmethod
    def _answer_ping(protocol: Any, outbox: Outbox, payload: bytes) -> None:
        if outbox.is_open:  # else the answer would wait with all the others
            protocol.sendPong(payload)

    def _release(self, protocol: Any) -> None:
        """Let go of an HTTP request before its reply ends: Twisted calls it a fault to do it
        later."""
        if outbox := self._outboxes.pop(protocol, None):
            outbox.stopProducing()
            protocol.unregisterProducer()

    @staticmethod
    def _failed(protocol: Any, exception: Exception) -> None:
        """Answer for an application that failed. Where its reply has begun, the connection ends:
        daphne would begin another reply, fail at that, and look after no connection any more."""
        if protocol._response_started:
            protocol.transport.abortConnection()
        else:
            type(protocol).handle_exception(protocol, exception)

    def kill_all_applications(self) -> Deferred[None]:
        return Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        """Have all leave, tell each application that is left that its client is gone, then cancel
        what goes on.

        Daphne only cancels, and Django then leaves the task that makes the reply behind: a task
        that is there when Python exits can crash it.
        """
        await build.close()
        going = []
        for protocol, details in self.connections.items():
            if task := details.get("application_instance"):
                going.append(task)
                if isinstance(protocol, WebSocketProtocol):
                    message = {"type": "websocket.disconnect", "code": RESTARTING}
                    protocol.application_queue.put_nowait(message)
                    if protocol.state == protocol.STATE_OPEN:
                        protocol.sendCloseFrame(RESTARTING)
                    else:  # its hand-shake is not over
                        protocol.transport.abortConnection()
                else:
                    protocol.send_disconnect()
        if going:
            await asyncio.wait(going, timeout=END_SECONDS)
        await asyncio.sleep(0.1)  # generators that were let go of end meanwhile
        if others := asyncio.all_tasks() - {asyncio.current_task()}:
            for task in others:
                task.cancel()
            await asyncio.wait(others, timeout=END_SECONDS)
        await asyncio.get_running_loop().shutdown_asyncgens()
