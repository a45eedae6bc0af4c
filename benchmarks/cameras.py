"""A camera at the server with many viewers, and with none: what they get, and what that costs."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from urllib.request import urlopen

from rich.progress import Progress

from benchmarks import viewers
from benchmarks.aside import Aside
from benchmarks.report import Table, number
from benchmarks.viewers import Plan, Watched
from tests.server import RunningServer, serve

CAMERA = "demo"
"""The simulated one: 640 x 480, 30 frames a second, motion searched for and drawn."""
LINGER_SECONDS = 1
"""How long it stays open after its last viewer."""
CLOSE_SECONDS = 30
"""How long it may take to be closed after all viewers have hung up."""

MAX_CORES, MIN_FPS, MAX_FAN_OUT = 0.08, 29, 0.5
"""Meant: of one viewer, of the least served one of many, and of 200."""


@dataclass(frozen=True, slots=True)
class Audience:
    """How many watch at once: the endless reply, and over a WebSocket."""

    mjpeg: int = 0
    sockets: int = 0

    def __str__(self) -> str:
        return f"{self.mjpeg} MJPEG and {self.sockets} WebSocket viewers"


ONE, NOBODY = Audience(mjpeg=1), Audience()
AUDIENCES = (Audience(sockets=1), ONE, Audience(64, 64), Audience(mjpeg=200), NOBODY)
FEW = (Audience(sockets=1), ONE, Audience(4, 4), NOBODY)
"""For figures in a hurry."""


@dataclass(frozen=True, slots=True)
class CamerasRow:
    """An audience and what came out; `fan_out_cores` is what it costs the server more than one
    MJPEG viewer, None for one and for none."""

    server: str
    audience: Audience
    seconds: float
    watched: Watched
    fan_out_cores: float | None


class Bench:
    """Has audiences watch a server's camera, from another process."""

    def __init__(self, name: str, server: RunningServer, token: str, aside: Aside) -> None:
        """`name` is that of the kind of server, `token` its owner's."""
        self._name = name
        self._server = server
        self._token = token
        self._aside = aside

    def run(self, audiences: Sequence[Audience], seconds: float) -> Iterator[CamerasRow]:
        """Yield what each got in so many seconds; each finds the camera closed."""
        one: float | None = None
        for audience in audiences:
            self._until_closed()
            plan = Plan(
                url=self._server.url,
                token=self._token,
                camera=CAMERA,
                pid=self._server.process.pid,
                mjpeg=audience.mjpeg,
                sockets=audience.sockets,
                seconds=seconds,
            )
            took = viewers.WARM_UP_SECONDS + seconds
            watched = self._aside.run(viewers.run, plan, took, f"{self._name}, {audience}")
            one = watched.cores if audience == ONE else one
            is_many = audience.mjpeg + audience.sockets > 1
            fan_out = watched.cores - one if is_many and one is not None else None
            yield CamerasRow(self._name, audience, seconds, watched, fan_out)

    def _until_closed(self) -> None:
        """Wait until nobody watches and the camera is closed; RuntimeError where it stays open."""
        end = time.monotonic() + CLOSE_SECONDS
        while (state := self._state()) != "closed":
            if time.monotonic() > end:
                raise RuntimeError(
                    f"Expected the camera to be closed {CLOSE_SECONDS} s after its last viewer, "
                    f"came {state}. Ask /api/streams who watches it."
                )
            time.sleep(0.1)

    def _state(self) -> str:
        # The address is that of the server which was started for this.
        url = f"{self._server.url}api/streams?token={self._token}"
        with urlopen(url, timeout=CLOSE_SECONDS) as reply:  # noqa: S310
            (camera,) = json.load(reply)["streams"]
        return str(camera["state"])


def measure(
    servers: Sequence[str], audiences: Sequence[Audience], seconds: float, progress: Progress
) -> list[CamerasRow]:
    """Have each audience watch each server for so many seconds."""
    token = secrets.token_urlsafe(32)
    most = max(audience.mjpeg + audience.sockets for audience in audiences)
    environ = {
        # Under pytest it is that of the tests, which have a token of their own.
        "DJANGO_SETTINGS_MODULE": "VideoStream.settings",
        "DJANGO_OWNER_TOKEN": token,
        "STREAMER_LINGER": str(LINGER_SECONDS),
        # Nobody is to be turned away at the door: what is measured is behind it.
        "STREAMER_MAX_VIEWERS": str(2 * most),
    }
    rows: list[CamerasRow] = []
    aside = Aside("cameras", progress)
    try:
        for name in servers:
            command = ("--server", name, "--camera", f"{CAMERA}=pattern:")
            with TemporaryDirectory() as folder, serve(Path(folder), *command, **environ) as server:
                rows += Bench(name, server, token, aside).run(audiences, seconds)
    finally:
        aside.close()
    return rows


def table(rows: Sequence[CamerasRow]) -> Table:
    """Return the rows as a table to be read."""
    return Table(
        "A simulated camera of 640 x 480 with motion, 30 frames a second, and its viewers",
        "all/s: pictures of all viewers. least, median: distinct pictures a second of the least "
        f"served viewer and of the one in the middle; meant: {MIN_FPS} or more. again: pictures "
        "that came again to the same viewer; meant: none. p50, p95: age in ms, from the camera "
        "until sent, as the WebSocket tells it. cores: CPU of the server; meant: at most "
        f"{MAX_CORES} for one viewer. fan-out: cores beyond those of one MJPEG viewer; meant: "
        f"under {MAX_FAN_OUT} for 200 on uvicorn. MB: its memory. open: viewers at the end. load: "
        "cores that the viewers took.",
        [
            *("server", "MJPEG", "WS", "all/s", "least", "median", "again", "p50", "p95"),
            *("cores", "fan-out", "MB", "open", "load"),
        ],
        [
            [
                row.server,
                str(row.audience.mjpeg),
                str(row.audience.sockets),
                number(row.watched.per_second, 1),
                number(row.watched.least, 1),
                number(row.watched.median, 1),
                str(row.watched.repeated),
                number(row.watched.age_p50_ms, 1),
                number(row.watched.age_p95_ms, 1),
                number(row.watched.cores, 3),
                number(row.fan_out_cores, 3),
                number(row.watched.rss_mb),
                str(row.watched.open_viewers),
                number(row.watched.load_cores, 2),
            ]
            for row in rows
        ],
    )
