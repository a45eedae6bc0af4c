"""Uvicorn as a worker of gunicorn, told the same as under `manage.py serve`."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from typing import Any

from gunicorn.arbiter import Arbiter
from uvicorn_worker import UvicornWorker

from streamer.servers.uvicorn import OPTIONS, StoppableServer


class GunicornWorker(UvicornWorker):
    """One process of gunicorn, which deploy/gunicorn.py names."""

    CONFIG_KWARGS = OPTIONS

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Gunicorn's would show each WebSocket with its query, which may hold a secret.
        log = logging.getLogger("uvicorn.error")
        log.handlers = []
        log.setLevel(logging.NOTSET)
        log.propagate = True

    async def _serve(self) -> None:
        # As it is above this class, but for the server, which is written into it there.
        self.config.app = self.wsgi
        server = StoppableServer(self.config)
        # The one above this class leaves the server to be killed.
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGQUIT, server.handle_exit, signal.SIGQUIT, None)
        await server.serve(sockets=self.sockets)
        if not server.started:
            sys.exit(Arbiter.WORKER_BOOT_ERROR)
