"""Daphne, with the flow control that it lacks."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from functools import partial
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.http_protocol import WebRequest
from daphne.server import Server
from daphne.ws_protocol import WebSocketProtocol
from twisted.internet import reactor
from twisted.internet.defer import Deferred

from streamer import build
from streamer.servers import SERVER_NAME, channel, drain, turns
from streamer.servers.boxes import Inbox, Outbox
from streamer.servers.peer import PING_SECONDS, PONG_SECONDS

INBOX = "videostream.inbox"
"""Where a connection's scope holds its inbox until the application starts."""

ACCEPT_RETRY_SECONDS = 1
"""How long no connection is taken after one could not be, as asyncio has it."""

RESTARTING = 1012
"""The close code of a server that goes down, as in the IANA registry of close codes."""


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

        super().__init__(
            from_inbox,
            endpoints=build_endpoint_description_strings(host=ip, port=port),
            server_name=SERVER_NAME,
            signal_handlers=False,  # Twisted's heed the first one only
            ping_interval=PING_SECONDS,
            ping_timeout=PONG_SECONDS,
            websocket_timeout=-1,  # SESSION_LIFETIME says how long
        )
        self._on_listening = on_listening
        self._outboxes: dict[Any, Outbox] = {}
        self._drain = drain.Drain()
        self.failure: Exception | None = None

    def run(self) -> None:
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._heed)
        turns.shorten()
        super().run()

    def _heed(self, *_: object) -> None:
        loop = reactor._asyncioEventloop
        loop.call_soon_threadsafe(self._hurry if self._drain.has_begun else self.stop)
        self._drain.begin()

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        port.doRead = partial(self._accept, port)
        channel.bound(self.http_factory)
        # Once the reactor runs: until then there is no loop, and a signal to stop is not handled.
        later: Any = reactor.callLater  # what types it takes self for an argument
        later(0, self._begin, port.getHost().port)

    def _begin(self, port: int) -> None:
        try:
            build.start()
        except Exception as failure:  # the command tells it
            self.failure = failure
            self.stop()
        else:
            self._on_listening(port)

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.value
        self.stop()

    @staticmethod
    def _accept(port: Any) -> None:
        """Take connections. Where none could be taken, Twisted would try at once, and for ever."""
        before = port.sessionno
        type(port).doRead(port)
        if port.sessionno == before:
            port.stopReading()
            asyncio.get_running_loop().call_later(ACCEPT_RETRY_SECONDS, _accept_again, port)

    def protocol_connected(self, protocol: Any) -> None:
        super().protocol_connected(protocol)
        if isinstance(protocol, WebRequest):
            channel.bound_request(protocol)

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
        inbox = scope[INBOX] = Inbox(protocol)
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
        self._drain.begin()  # where no signal told it to
        await self._drain.give(build.close(), drain.LEAVE)
        going = [each for each in map(self._dismiss, list(self.connections)) if each]
        await self._drain.wait(going, drain.CANCEL)
        await asyncio.sleep(0.1)  # generators that were let go of end meanwhile
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await self._drain.wait(others, drain.CLEAN)
        await asyncio.get_running_loop().shutdown_asyncgens()
        self._drain.over()

    def _dismiss(self, protocol: Any) -> asyncio.Task[None] | None:
        """Tell an application that its client is gone, and return its task."""
        task: asyncio.Task[None] | None = self.connections[protocol].get("application_instance")
        if not task:
            return None
        if not isinstance(protocol, WebSocketProtocol):
            protocol.send_disconnect()
            return task
        message = {"type": "websocket.disconnect", "code": RESTARTING}
        protocol.application_queue.put_nowait(message)
        if protocol.state == protocol.STATE_OPEN:
            protocol.sendCloseFrame(RESTARTING)
        else:  # its hand-shake is not over
            protocol.transport.abortConnection()
        return task

    def _hurry(self) -> None:
        """Cut all who are there: somebody asked for the stop again."""
        self._drain.hurry()
        for protocol in list(self.connections):
            if transport := protocol.transport:
                transport.abortConnection()


def _accept_again(port: Any) -> None:
    if port.connected:  # else the server stops
        port.startReading()
