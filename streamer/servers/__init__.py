"""The ASGI servers that `manage.py serve` runs: one file, one server."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, cast

from django.utils.module_loading import import_string

SERVER_NAME = "VideoStream"
"""What a reply's Server header says, whichever server sent it."""

SERVERS = {
    "daphne": "streamer.servers.daphne.DaphneServer",
    "uvicorn": "streamer.servers.uvicorn.UvicornServer",
}


class Server(Protocol):
    """A server on one address, with flow control: sending waits for who reads slowly, and who
    sends too fast is read as fast as messages are handled."""

    failure: Exception | None
    """Why it could not listen, as the operating system or the server library says."""

    def run(self) -> None:
        """Serve until a signal says stop; return at once where it cannot listen."""


class ServerClass(Protocol):
    """What makes a server; `on_listening` is called with the port once connections are taken."""

    def __call__(
        self, application: Any, ip: str, port: int, on_listening: Callable[[int], None]
    ) -> Server: ...


def load(name: str) -> ServerClass:
    """Import one of SERVERS. Only who is about to run it should: a server is much to load."""
    return cast(ServerClass, import_string(SERVERS[name]))
