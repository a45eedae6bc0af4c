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


@implementer(IPushProducer)
class Flow:
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


class DaphneServer(Server):
    """Daphne on one address, with flow control: sending to a WebSocket waits for who reads slowly.

    Daphne itself keeps all that was not read yet, however much that is.
    """

    def __init__(
        self, application: Any, host: str, port: int, on_listening: Callable[[int], None]
    ) -> None:
        """Call `on_listening` with the port once connections are taken; port 0 means any."""
        endpoints = build_endpoint_description_strings(host=host, port=port)
        super().__init__(application, endpoints=endpoints, server_name="VideoStream")
        self._on_listening = on_listening
        self._flows: dict[Any, Flow] = {}
        self.failure: Exception | None = None

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        # Once the reactor runs: until then a signal to stop is not handled.
        reactor.callWhenRunning(self._on_listening, port.getHost().port)

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.value
        self.stop()

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] == "websocket":
            flow = self._flows[protocol] = Flow()
            protocol.transport.unregisterProducer()  # that of the HTTP request it began as
            protocol.transport.registerProducer(flow, True)
        return super().create_application(protocol, scope)

    def protocol_disconnected(self, protocol: Any) -> None:
        super().protocol_disconnected(protocol)
        if flow := self._flows.pop(protocol, None):
            flow.stopProducing()

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        await super().handle_reply(protocol, message)
        if message["type"] == "websocket.send" and (flow := self._flows.get(protocol)):
            await flow.wait()
