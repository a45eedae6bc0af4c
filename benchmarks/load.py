"""Webcams that send at their own pace, whatever comes back, as a browser's setInterval does.

They run in a process of their own, on pictures made before. The age of a picture that comes back
counts from when the webcam took it, by the number in the picture: if sending has to wait for the
server, that wait counts too.
"""

from __future__ import annotations

import asyncio
import base64
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import psutil
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks import stamp
from benchmarks.figures import Spent, percentile_ms
from streamer.codec import encode
from streamer.types import Image

WARM_UP_SECONDS = 1.0
"""From the last hand-shake until answers count: each session's detectors are new at first."""
LAST_SECONDS = 3.0
"""The end of a run, whose age tells whether it grew."""
CONNECT_SECONDS = 60


@dataclass(frozen=True, slots=True)
class Plan:
    """How many webcams, at how many frames a second each, for how long, to which server.

    The pictures are `width` pixels wide; `pid` is the process whose CPU and memory count.
    """

    url: str
    pid: int
    webcams: int
    fps: float
    seconds: float
    width: int


@dataclass(frozen=True, slots=True)
class Served:
    """What the webcams got, once warmed up: rates a second, ages and CPU in milliseconds (CPU a
    frame answered), memory in 10^6 bytes, kilobytes (10^3) of a message; None where none came.

    `fairness` is the frames of the least served webcam to the mean. `open_sockets` were open at
    the end. `load_cores` is the CPU that the webcams themselves took.
    """

    sent_per_second: float
    answered_per_second: float
    age_p50_ms: float | None
    age_p95_ms: float | None
    last_age_p50_ms: float | None
    last_age_p95_ms: float | None
    cpu_ms: float | None
    rss_mb: float
    fairness: float
    open_sockets: int
    unread: int
    kb_up: float
    kb_down: float | None
    load_cores: float


@dataclass
class Webcam:
    """One webcam: the pictures that it sends, numbered, and the answers with time and age."""

    pictures: Sequence[bytes]
    width: int
    taken: list[float] = field(default_factory=list)
    answers: list[tuple[float, float]] = field(default_factory=list)
    unread: int = 0
    bytes_down: int = 0
    is_open: bool = True

    async def send(self, socket: ClientConnection, start: float, interval: float) -> None:
        """Send each picture once at its time, in seconds of `time.perf_counter`, or as soon after
        as it can be sent."""
        try:
            for number, picture in enumerate(self.pictures):
                due = start + number * interval
                await asyncio.sleep(due - time.perf_counter())
                self.taken.append(due)
                await socket.send(picture)
        except (OSError, WebSocketException):
            self.is_open = False

    async def receive(self, socket: ClientConnection) -> None:
        """Note what comes back until the server hangs up."""
        try:
            async for message in socket:
                self._note(time.perf_counter(), message)
        except (OSError, WebSocketException):
            pass
        self.is_open = False

    def _note(self, now: float, message: str | bytes) -> None:
        self.bytes_down += len(message)
        number = _number(message, self.width)
        if number is None or number >= len(self.taken):
            self.unread += 1
        else:
            self.answers.append((now, now - self.taken[number]))


def _number(message: str | bytes, width: int) -> int | None:
    try:
        return stamp.read(base64.b64decode(message), width)
    except ValueError:
        return None


def pictures(frames: Sequence[Image], count: int, quality: int) -> list[bytes]:
    """Return `count` JPEGs of the frames, over and over, each with its own number in it."""
    made = []
    for number in range(count):
        picture = frames[number % len(frames)].copy()
        stamp.stamp(picture, number)
        made.append(encode(picture, quality))
    return made


def pictures_needed(seconds: float, fps: float) -> int:
    """Return how many pictures a webcam sends in a run; ValueError for more than have numbers."""
    needed = int((WARM_UP_SECONDS + seconds) * fps) + 1
    if needed > stamp.NUMBERS:
        raise ValueError(
            f"Expected a run of at most {stamp.NUMBERS} frames, came {needed}. Ask for fewer "
            "frames a second."
        )
    return needed


_pictures: Sequence[bytes] = ()


def use(made: Sequence[bytes]) -> None:
    """Take the pictures of all runs in this process."""
    global _pictures  # noqa: PLW0603, the process is there for this
    _pictures = made


def run(plan: Plan) -> Served:
    """Run the webcams on the pictures that `use` was given."""
    return asyncio.run(webcams(plan, _pictures))


async def webcams(plan: Plan, made: Sequence[bytes]) -> Served:
    """Run the webcams on these pictures, evenly spread in time."""
    sending = made[: pictures_needed(plan.seconds, plan.fps)]
    cams = [Webcam(sending, plan.width) for _ in range(plan.webcams)]
    sockets: list[ClientConnection] = []
    try:
        for _ in cams:
            # Compressing JPEG again would only be work for both sides.
            socket = await connect(
                plan.url, max_size=None, compression=None, open_timeout=CONNECT_SECONDS
            )
            sockets.append(socket)
        return await _measured(plan, cams, sockets)
    finally:
        for socket in sockets:
            socket.transport.abort()


async def _measured(
    plan: Plan, cams: Sequence[Webcam], sockets: Sequence[ClientConnection]
) -> Served:
    """Let all webcams send and receive; count from the end of the warm-up on."""
    server = psutil.Process(plan.pid)
    begin = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        running = []
        for place, (cam, socket) in enumerate(zip(cams, sockets, strict=True)):
            phase = begin + place / plan.webcams / plan.fps
            running.append(group.create_task(cam.send(socket, phase, 1 / plan.fps)))
            running.append(group.create_task(cam.receive(socket)))
        await asyncio.sleep(WARM_UP_SECONDS)
        start = Spent.until_now(server)
        await asyncio.sleep(plan.seconds)
        end = Spent.until_now(server)
        served = _served(cams, start, end)
        for task in running:
            task.cancel()
    return served


def _served(cams: Sequence[Webcam], start: Spent, end: Spent) -> Served:
    """Return what the webcams got between two moments."""
    seconds = end.time - start.time
    each = [[got for got in cam.answers if start.time <= got[0] <= end.time] for cam in cams]
    answers = [got for of_one in each for got in of_one]
    ages = [age for _, age in answers]
    last = [age for at, age in answers if at > end.time - LAST_SECONDS]
    sent = sum(start.time <= at <= end.time for cam in cams for at in cam.taken)
    came = sum(len(cam.answers) + cam.unread for cam in cams)
    up = cams[0].pictures
    return Served(
        sent_per_second=sent / seconds,
        answered_per_second=len(answers) / seconds,
        age_p50_ms=percentile_ms(ages, 50),
        age_p95_ms=percentile_ms(ages, 95),
        last_age_p50_ms=percentile_ms(last, 50),
        last_age_p95_ms=percentile_ms(last, 95),
        cpu_ms=(end.server - start.server) * 1e3 / len(answers) if answers else None,
        rss_mb=end.rss_mb,
        fairness=min(map(len, each)) * len(cams) / len(answers) if answers else 0.0,
        open_sockets=sum(cam.is_open for cam in cams),
        unread=sum(cam.unread for cam in cams),
        kb_up=sum(map(len, up)) / len(up) / 1e3,
        kb_down=sum(cam.bytes_down for cam in cams) / came / 1e3 if came else None,
        load_cores=(end.own - start.own) / seconds,
    )
