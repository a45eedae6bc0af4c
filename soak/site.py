"""The server that is tried: as it is started by hand, with cameras and all detectors."""

from __future__ import annotations

import json
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.viewers import Plan
from streamer.conf import Conf
from tests import clips
from tests.hostile import Target
from tests.server import RunningServer, serve

DETECTORS = ["motion", "faces", "landmarks", "emotion"]
ALIVE = ("pattern", "film")
"""Cameras that give pictures."""
CAMERAS = (*ALIVE, "dead")
STRANGERS = "127.0.0.2" if sys.platform == "linux" else "127.0.0.1"
"""Where hostile clients come from: limits by address meet them and not the honest ones, where this
machine has more than one address of its own."""
STALL_SECONDS = 3
HANDSHAKES = 10 * Conf().HANDSHAKES_PER_MINUTE
"""From one address in a minute: all honest clients come from one."""


@dataclass(frozen=True)
class Site:
    """A server that runs, its owner's token, and pictures for webcams."""

    name: str
    server: RunningServer
    token: str

    @property
    def target(self) -> Target:
        return Target(self.server.url, self.token, ALIVE[0], STRANGERS)

    def plan(self, camera: str) -> Plan:
        """Return what a viewer of a camera needs to know."""
        return Plan(self.server.url, self.token, camera, self.server.process.pid, 0, 0, 0)

    def without_source(self) -> Target:
        """Return the server as honest clients reach it."""
        return replace(self.target, source="127.0.0.1")


@contextmanager
def opened(name: str, **more: str) -> Iterator[Site]:
    """Run a server of this name, one of SERVERS; its files go with it. `more` is environment."""
    token = secrets.token_urlsafe(32)
    with TemporaryDirectory() as folder:
        film = clips.write(Path(folder) / "film.mp4", 20)
        cameras = {
            "pattern": {"source": "pattern:", "fps": 10, "detectors": DETECTORS},
            "film": {"source": f"file:{film}", "fps": 10, "detectors": DETECTORS},
            # At a port where nobody listens.
            "dead": "rtsp://127.0.0.1:9/",
        }
        environ = {
            # Under pytest it is that of the tests, which have a token of their own.
            "DJANGO_SETTINGS_MODULE": "VideoStream.settings",
            "DJANGO_OWNER_TOKEN": token,
            "STREAMER_CAMERAS": json.dumps(cameras),
            "STREAMER_LINGER": "1",
            "STREAMER_STALL_TIMEOUT": str(STALL_SECONDS),
            "STREAMER_MAX_SESSIONS_PER_ADDRESS": "64",
            "STREAMER_HANDSHAKES_PER_MINUTE": str(HANDSHAKES),
            **more,
        }
        with serve(Path(folder), "--server", name, **environ) as server:
            yield Site(name, server, token)
