"""The daphne server that `manage.py serve` runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from daphne.endpoints import build_endpoint_description_strings
from daphne.server import Server
from twisted.internet import reactor


class DaphneServer(Server):
    """Daphne on one address; tells when it listens, and why it does not."""

    def __init__(
        self, application: Any, host: str, port: int, on_listening: Callable[[int], None]
    ) -> None:
        """Call `on_listening` with the port once connections are taken; port 0 means any."""
        endpoints = build_endpoint_description_strings(host=host, port=port)
        super().__init__(application, endpoints=endpoints, server_name="VideoStream")
        self._on_listening = on_listening
        self.failure: str | None = None

    def listen_success(self, port: Any) -> None:
        super().listen_success(port)
        # Once the reactor runs: until then a signal to stop is not handled.
        reactor.callWhenRunning(self._on_listening, port.getHost().port)

    def listen_error(self, failure: Any) -> None:
        self.failure = failure.getErrorMessage()
        self.stop()
