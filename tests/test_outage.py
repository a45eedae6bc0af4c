"""Real cameras that die, freeze and come back, as their viewers see it."""

from __future__ import annotations

import asyncio
import json
import signal
import socket
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing, suppress
from typing import Any

import av
import pytest

from tests import rtsp
from tests.server import RunningServer, serve
from tests.watching import OWNER, SECONDS, Watcher, ask, link, watcher

TOLD_SECONDS = 6
"""Within which viewers are told what is the matter, counted from the last picture."""
BACK_SECONDS = 2
"""Within which there are pictures again, counted from the first that another client gets: a real
camera takes a while to come back itself."""

LONG_OUTAGE = 8
"""Seconds; the pause that has begun then is longer than 6 s."""

LOGIN = ("ann", "s3cret-of-the-porch")


def free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture(scope="module")
def black_hole() -> Iterator[int]:
    """Return a port that takes connections, and never says a word."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(scope="module")
def port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def site(
    tmp_path_factory: pytest.TempPathFactory, port: int, black_hole: int
) -> Iterator[RunningServer]:
    """Return a server with a camera that needs a password, the same with a wrong one, and one that
    never answers. The port of the first two is free until a test starts the camera."""
    cameras = {
        "porch": f"rtsp://{LOGIN[0]}:${{PORCH}}@127.0.0.1:{port}/live",
        "locked": f"rtsp://{LOGIN[0]}:wr0ng-word@127.0.0.1:{port}/live",
        "hole": f"rtsp://127.0.0.1:{black_hole}/live",
    }
    folder = tmp_path_factory.mktemp("outage")
    environ = {"STREAMER_CAMERAS": json.dumps(cameras), "STREAMER_LINGER": "0.5"}
    with serve(folder, "--server", "uvicorn", PORCH=LOGIN[1], **environ) as server:
        yield server
        assert LOGIN[1] not in server.log + server.said
        assert "wr0ng-word" not in server.log + server.said


@asynccontextmanager
async def viewer(site: RunningServer, name: str) -> AsyncIterator[Watcher]:
    async with watcher(site) as watching:
        await watching.say("watch", stream=name)
        yield watching


def first_picture(port: int) -> float:
    """Return when the camera gives a picture to somebody else, who asks as often as it takes."""
    url = f"rtsp://{LOGIN[0]}:{LOGIN[1]}@127.0.0.1:{port}/live"
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        with suppress(av.FFmpegError), av.open(url, timeout=1.0) as video:
            next(video.decode(video=0))
            return time.monotonic()
        time.sleep(0.05)
    raise TimeoutError("the camera did not come back")


async def picture(watching: Watcher) -> dict[str, Any]:
    return await watching.until(type="frame")


async def trouble(watching: Watcher) -> tuple[str, str, float]:
    """Return state and words of the next trouble, and the seconds to it from the last picture."""
    last = time.monotonic()
    while True:
        told = await watching.next()
        if told["type"] == "frame":
            await watching.ack(told)
            last = time.monotonic()
        elif told["state"] in ("failed", "frozen"):
            return told["state"], told["message"], time.monotonic() - last


async def test_a_camera_that_is_killed_is_told_and_back_when_it_is_started_again(
    site: RunningServer, port: int
) -> None:
    async with viewer(site, "porch") as watching:
        with rtsp.serve(login=LOGIN, port=port) as camera:
            before = await picture(watching)
            camera.process.kill()
            state, words, seconds = await trouble(watching)
        assert state == "failed"
        assert "Trying again." in words
        assert seconds < TOLD_SECONDS
        # So long that the pauses between attempts have grown beyond what a return may take.
        await asyncio.sleep(LONG_OUTAGE)
        with rtsp.serve(login=LOGIN, port=port):
            back = asyncio.create_task(asyncio.to_thread(first_picture, port))
            after = await picture(watching)
            assert time.monotonic() - await back < BACK_SECONDS
        assert after["seq"] > before["seq"]


async def test_a_camera_that_stops_sending_is_frozen_and_back_when_it_goes_on(
    site: RunningServer, port: int
) -> None:
    with rtsp.serve(login=LOGIN, port=port) as camera:
        async with viewer(site, "porch") as watching:
            await picture(watching)
            camera.process.send_signal(signal.SIGSTOP)
            state, words, seconds = await trouble(watching)
            assert (state, words) == ("frozen", "No picture came for 5 s. Trying again.")
            assert seconds < TOLD_SECONDS
            camera.process.send_signal(signal.SIGCONT)
            back = asyncio.create_task(asyncio.to_thread(first_picture, port))
            await picture(watching)
            assert time.monotonic() - await back < BACK_SECONDS


async def test_a_wrong_password_and_a_black_hole_are_told_as_what_they_are(
    site: RunningServer, port: int
) -> None:
    with rtsp.serve(login=LOGIN, port=port):
        async with viewer(site, "locked") as locked, viewer(site, "hole") as hole:
            _, words, seconds = await trouble(locked)
            assert "another user name or password" in words
            assert seconds < TOLD_SECONDS
            _, words, seconds = await trouble(hole)
            assert "did not answer within 5 s" in words
            assert seconds < TOLD_SECONDS
            refused = ask(site, "/streams/hole/snapshot.jpg")
            assert (refused.status, refused.headers["retry-after"]) == (503, "10")


def test_no_answer_has_a_password_or_an_address_in_it(site: RunningServer, port: int) -> None:
    for path, query in (("/api/streams", OWNER), ("/streams/locked/", link("locked"))):
        answer = ask(site, path, query)
        assert answer.status == 200
        for secret in (LOGIN[1], "wr0ng-word", f":{port}"):
            assert secret not in answer.words
