"""A process that dies in the middle of it, or stands still: what comes back, and how soon."""

from __future__ import annotations

import asyncio
import json
import signal
import time
from pathlib import Path

import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from streamer.wire import SUBPROTOCOL
from tests.faults import ENVIRON, KINDS, audience
from tests.server import RunningServer, serve
from tests.test_deploy import database, page, started

__all__ = ["database"]  # a fixture

pytestmark = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals as a Unix has them")

BACK_SECONDS = 8.0
"""How long nobody may be served after a crash. Tried: 1.5 to 2.7 s beside nine busy processes;
the models load when it serves already."""

STILL_SECONDS = 3.0


def worker(server: RunningServer) -> int:
    """Return the process of gunicorn's only worker."""
    (child,) = psutil.Process(server.process.pid).children()
    return child.pid


def hello(server: RunningServer) -> str:
    with connect(f"{server.socket}ws/webcam/", subprotocols=[Subprotocol(SUBPROTOCOL)]) as socket:
        return str(json.loads(socket.recv(20))["type"])


def test_another_worker_serves_soon_after_one_has_crashed(database: str, tmp_path: Path) -> None:
    with started("gunicorn", database, tmp_path / "log") as server:
        page(server.url)
        for crash in (signal.SIGSEGV, signal.SIGABRT, signal.SIGKILL):
            before = worker(server)
            url, protocols = f"{server.socket}ws/webcam/", [Subprotocol(SUBPROTOCOL)]
            with connect(url, subprotocols=protocols) as lost:
                lost.recv(20)
                begun = time.monotonic()
                psutil.Process(before).send_signal(crash)
                with pytest.raises(ConnectionClosed):
                    lost.recv(20)
            assert "VideoStream" in page(server.url)
            assert time.monotonic() - begun < BACK_SECONDS
            assert hello(server) == "hello"
            assert worker(server) != before
            assert server.process.poll() is None
            assert f"was sent {crash.name}" in server.log


async def test_a_server_that_stood_still_goes_on_with_all_who_are_there(
    tmp_path: Path, server_name: str
) -> None:
    with serve(tmp_path, "--server", server_name, **ENVIRON) as server:
        async with audience(server) as there:
            server.process.send_signal(signal.SIGSTOP)
            try:
                await asyncio.sleep(STILL_SECONDS)
                there.begin()
            finally:
                server.process.send_signal(signal.SIGCONT)
            async with asyncio.timeout(20):
                while any(there.pictures[kind] < 10 for kind in KINDS):
                    await asyncio.sleep(0.05)
        assert server.process.poll() is None
