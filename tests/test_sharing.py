"""A webcam that its owner shares, and who watches it, at real servers."""

import asyncio
import json
import struct
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime
from itertools import islice
from typing import Any

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streamer import links
from streamer.codec import JpegFrame, encode
from streamer.consumers import sharing
from streamer.registry import Registry
from streamer.stream import Status
from streamer.types import Detections, State
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import RunningServer
from tests.watching import SECONDS, STALL_TIMEOUT, ask, eventually, opened, parts, told_of, watcher

JPEGS = [encode(shot.bgr, 80) for shot in footage.pan(20)]


class Sharer:
    """A page that sends its webcam. Results are counted; all else that it is told waits."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket
        self.sent = self.answered = 0
        self._told: asyncio.Queue[dict[str, Any]] = asyncio.Queue()

    async def say(self, kind: str, **fields: Any) -> None:
        await self.socket.send(json.dumps({"type": kind} | fields))

    async def until(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Return the next message of this kind with these fields."""
        async with asyncio.timeout(SECONDS):
            while True:
                message = await self._told.get()
                if (fields | {"type": kind}).items() <= message.items():
                    return message

    async def show(self) -> None:
        """Send one picture."""
        self.sent += 1
        await self.socket.send(struct.pack("<I", self.sent) + JPEGS[self.sent % len(JPEGS)])

    async def film(self) -> None:
        """Send ten pictures a second."""
        with suppress(ConnectionClosed):
            while True:
                await self.show()
                await asyncio.sleep(0.1)

    async def listen(self) -> None:
        """Take what is told."""
        with suppress(ConnectionClosed):
            async for message in self.socket:
                told = {"type": "result"} if isinstance(message, bytes) else json.loads(message)
                if told["type"] == "result":
                    self.answered += 1
                else:
                    await self._told.put(told)


@asynccontextmanager
async def sharer(
    server: RunningServer, reply: str = "results", *, films: bool = True
) -> AsyncIterator[Sharer]:
    """Connect a page that sends its webcam."""
    url = f"{server.socket}ws/webcam/?detectors=motion&reply={reply}"
    async with connect(
        url, max_size=None, subprotocols=[Subprotocol(SUBPROTOCOL)], close_timeout=1
    ) as socket:
        page = Sharer(socket)
        tasks = [asyncio.create_task(page.listen())]
        if films:
            tasks.append(asyncio.create_task(page.film()))
        try:
            await page.until("hello")
            yield page
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)


def key_of(shared: dict[str, Any]) -> str:
    """Return the query of the link that a sharer is told."""
    return str(shared["url"].partition("?")[2])


@pytest.mark.parametrize("reply", ["results", "base64"])
async def test_who_has_the_link_watches_until_it_is_shared_no_longer(
    cameras: RunningServer, reply: str
) -> None:
    async with sharer(cameras, reply) as page:
        await page.say("share")
        shared = await page.until("shared")
        name, key = shared["stream"], key_of(shared)
        assert set(shared) == {"type", "stream", "url", "until", "viewers", "resume"}
        assert shared["url"].startswith(f"/streams/{name}/?key=")
        assert shared["viewers"] == 0
        until = datetime.fromisoformat(shared["until"])
        assert 11 < (until - datetime.now(UTC)).total_seconds() / 3600 < 13
        assert links.read(key.partition("=")[2].replace("%3A", ":")) == links.Link(name, until)
        async with watcher(cameras, key) as friend:
            await friend.say("watch", stream=name, width=320)
            frames = [await friend.until(type="frame") for _ in range(3)]
            assert len({frame["jpeg"] for frame in frames}) == 3
            assert JpegFrame(frames[0]["jpeg"]).width == 320
            assert set(frames[0]["detections"]) == {"size", "motion"}
            await page.until("shared", viewers=1)
            with opened(cameras, f"/streams/{name}/mjpeg", key) as reply_to_friend:
                pictures = await asyncio.to_thread(lambda: list(islice(parts(reply_to_friend), 3)))
                assert len(set(pictures)) == 3
                await page.until("shared", viewers=2)
                await friend.until(type="state", viewers=2)
                answer = await asyncio.to_thread(ask, cameras, f"/streams/{name}/snapshot.jpg", key)
                assert JpegFrame(answer.body).gray.shape == (480, 640)
                told = await asyncio.to_thread(told_of, cameras, name)
                assert (told["kind"], told["state"], told["viewers"]) == ("webcam", "live", 2)
                await page.say("unshare")
                await page.until("unshared")
                ended = await friend.until(type="state", state="ended")
                assert ended["message"] == "The webcam is not shared any more."
                await asyncio.to_thread(lambda: list(parts(reply_to_friend)))  # it ends
            await friend.say("watch", stream=name)
            assert (await friend.until(type="error"))["code"] == 4004
        for path in ("mjpeg", "snapshot.jpg"):
            assert ask(cameras, f"/streams/{name}/{path}", key).status == 404
        assert not told_of(cameras, name)
        before = page.answered
        await eventually(lambda: page.answered > before + 1)  # for who sends it all goes on


@pytest.mark.parametrize("is_rude", [False, True])
async def test_what_is_shared_ends_with_who_shares_it(
    cameras: RunningServer, is_rude: bool
) -> None:
    async with sharer(cameras) as page:
        await page.say("share")
        shared = await page.until("shared")
        async with watcher(cameras, key_of(shared)) as friend:
            await friend.say("watch", stream=shared["stream"])
            await friend.until(type="frame")
            if is_rude:
                page.socket.transport.abort()
            else:
                await page.socket.close()
            await friend.until(type="state", state="ended")
    assert not told_of(cameras, shared["stream"])


async def test_after_a_lost_connection_name_and_link_are_the_same(cameras: RunningServer) -> None:
    async with sharer(cameras) as page:
        await page.say("share")
        shared = await page.until("shared")
    await eventually(lambda: not told_of(cameras, shared["stream"]))
    async with sharer(cameras) as page:
        await page.say("share", resume=shared["resume"])
        again = await page.until("shared")
        for part in ("stream", "url", "until"):
            assert again[part] == shared[part]
        async with watcher(cameras, key_of(shared)) as friend:
            await friend.say("watch", stream=shared["stream"])
            await friend.until(type="frame")


async def test_a_lost_connection_that_the_server_has_not_missed_yet_gives_way(
    cameras: RunningServer,
) -> None:
    async with sharer(cameras) as lost:
        await lost.say("share")
        shared = await lost.until("shared")
        async with watcher(cameras, key_of(shared)) as friend:
            await friend.say("watch", stream=shared["stream"])
            await friend.until(type="frame")
            async with sharer(cameras) as page:
                await page.say("share", resume=shared["resume"])
                assert (await page.until("shared"))["url"] == shared["url"]
                await lost.until("unshared")
                await friend.until(type="state", state="ended")
                await friend.say("watch", stream=shared["stream"])
                await friend.until(type="frame", seq=2)
                before = lost.answered
                await eventually(lambda: lost.answered > before)
            await friend.until(type="state", state="ended")
        assert not told_of(cameras, shared["stream"])


async def test_who_watches_cannot_take_the_place_of_who_shares(cameras: RunningServer) -> None:
    async with sharer(cameras) as page:
        await page.say("share")
        shared = await page.until("shared")
    await eventually(lambda: not told_of(cameras, shared["stream"]))
    key = key_of(shared).partition("=")[2].replace("%3A", ":")
    names = {shared["stream"]}
    for resume in (key, shared["resume"] + "x", "x" + shared["resume"], "", shared["stream"]):
        async with sharer(cameras) as stranger:
            await stranger.say("share", resume=resume)
            names.add((await stranger.until("shared"))["stream"])
    assert len(names) == 6


async def test_to_share_again_or_end_it_again_changes_nothing(cameras: RunningServer) -> None:
    async with sharer(cameras) as page:
        await page.say("unshare")
        await page.until("unshared")
        await page.say("share")
        shared = await page.until("shared")
        await page.say("share", resume="another")
        assert await page.until("shared") == shared
        await page.say("share", resume=7)
        error = await page.until("error")
        assert (error["code"], "$.resume" in error["message"]) == (4007, True)
        assert told_of(cameras, shared["stream"])
        await page.say("unshare")
        await page.until("unshared")
        await page.say("share")
        assert (await page.until("shared"))["stream"] != shared["stream"]


async def test_viewers_of_a_webcam_that_rests_stay(cameras: RunningServer) -> None:
    async with sharer(cameras, films=False) as page:
        await page.say("share")
        shared = await page.until("shared")
        async with watcher(cameras, key_of(shared)) as friend:
            await friend.say("watch", stream=shared["stream"])
            await page.until("shared", viewers=1)
            frames: list[dict[str, Any]] = []
            while len(frames) < 2:
                await page.show()
                while (message := await friend.next())["type"] != "frame":
                    pass
                frames.append(message)
            for frame in frames:
                await friend.ack(frame)
            with pytest.raises(TimeoutError):
                while (await friend.next(seconds=1.5 * STALL_TIMEOUT))["type"] == "state":
                    pass
            await page.show()
            assert (await friend.until(type="frame"))["seq"] == 3


async def test_a_frame_is_worked_on_once_however_many_watch(cameras: RunningServer) -> None:
    """The number of a picture counts what was worked on; who sends gets one answer for each."""
    async with sharer(cameras, films=False) as page:
        await page.say("share")
        shared = await page.until("shared")
        name, key = shared["stream"], key_of(shared)
        async with (
            watcher(cameras, key) as one,
            watcher(cameras, key) as two,
            watcher(cameras, key) as three,
        ):
            for friend, width in ((one, 320), (two, 640), (three, None)):
                await friend.say("watch", stream=name, width=width)
            await page.until("shared", viewers=3)
            for number in range(1, 11):
                await page.show()
                for friend in (one, two, three):
                    assert (await friend.until(type="frame"))["seq"] == number
        await eventually(lambda: page.answered == 10)


async def test_plain_clients_cannot_share(cameras: RunningServer) -> None:
    async with connect(cameras.socket) as socket:
        await socket.send('{"type":"share"}')
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(socket.recv(), SECONDS)
        assert caught.value.rcvd
        assert caught.value.rcvd.code == 4000


async def test_a_webcam_that_sends_nothing_is_told_and_comes_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sharing, "SILENCE_SECONDS", 0.2)
    registry = Registry()
    shares = sharing.Sharing(registry, None, lambda: None)
    stream = shares.stream
    with stream.watch() as viewer:

        async def next_state() -> Status:
            while not isinstance(news := await asyncio.wait_for(viewer.next(), SECONDS), Status):
                pass
            return news

        assert (await next_state()).state is State.LIVE
        while (frozen := await next_state()).state is State.LIVE:
            pass
        assert frozen.state is State.FROZEN
        assert frozen.message == "The webcam sends no pictures. Waiting for them."
        for _ in range(4):  # longer than may be without one
            stream.publish(time.monotonic(), Detections((640, 480)), {viewer.form: b"jpeg"})
            assert stream.status.state is State.LIVE
            assert stream.moment
            await asyncio.sleep(0.1)
        shares.end()
        await asyncio.sleep(0.4)
        assert stream.status.state is State.ENDED  # nothing was left that calls it frozen
    assert registry.get(stream.name) is None
