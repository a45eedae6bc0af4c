"""`/ws/watch/` of real servers: any number of streams over one socket."""

import asyncio
import gc
import json
from contextlib import AsyncExitStack, suppress
from typing import Any

import pytest
from channels.testing import WebsocketCommunicator
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from streamer import build
from streamer.codec import JpegFrame
from streamer.consumers.watch import WatchConsumer
from streamer.stream import Stream
from streamer.wire import SUBPROTOCOL
from tests.server import RunningServer
from tests.test_servers import ALLOWED, linux_only, served
from tests.watching import (
    MAX_VIEWERS,
    OWNER,
    STALL_TIMEOUT,
    WALL,
    eventually,
    link,
    told_of,
    watcher,
)


async def test_the_state_comes_first_then_pictures_each_another(cameras: RunningServer) -> None:
    async with watcher(cameras) as client:
        await client.say("watch", stream="two")
        first = await client.next()
        assert set(first) == {"type", "stream", "state", "message", "viewers"}
        assert (first["type"], first["stream"], first["message"]) == ("state", "two", "")
        assert first["viewers"] in (0, 1)  # all are told their number a little later
        frames = [await client.until(type="frame") for _ in range(8)]
        assert len({frame["jpeg"] for frame in frames}) == 8
        numbers = [frame["seq"] for frame in frames]
        assert numbers == sorted(set(numbers))
        for frame in frames:
            assert set(frame) == {"type", "stream", "seq", "age_ms", "detections", "jpeg"}
            assert set(frame["detections"]) == {"size", "motion"}
            assert frame["detections"]["size"] == [640, 480]
            assert 0 <= frame["age_ms"] < 1000
            assert JpegFrame(frame["jpeg"]).width == 640


async def test_a_stream_is_watched_in_another_form_from_one_picture_to_the_next(
    cameras: RunningServer,
) -> None:
    async with watcher(cameras) as client:
        numbers = []
        for width, height in ((320, 240), (None, 480), (640, 480), (320, 240)):
            await client.say("watch", stream="two", width=width)
            while True:  # what was on its way may still come
                frame = await client.until(type="frame")
                numbers.append(frame["seq"])
                if JpegFrame(frame["jpeg"]).gray.shape == (height, width or 640):
                    break
        assert numbers == sorted(set(numbers))
        await eventually(lambda: told_of(cameras, "two")["viewers"] == 1)


async def test_a_viewer_gets_no_more_pictures_a_second_than_it_asks_for(
    cameras: RunningServer,
) -> None:
    async with watcher(cameras) as client:
        await client.say("watch", stream="one", fps=5)
        for _ in range(2):  # the first two may come at once
            await client.until(type="frame")
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _ in range(5):
            await client.until(type="frame")
        assert loop.time() - began > 0.7


async def test_pictures_wait_for_acknowledgements_and_who_sends_none_is_told_and_closed(
    cameras: RunningServer,
) -> None:
    async with watcher(cameras) as client:
        await client.say("watch", stream="two")
        await client.say("watch", stream="wall1")  # both run into it at the same time
        came, code = await client.ends()
        assert code == 4002
        for name in ("two", "wall1"):
            frames = [each for each in came if each["type"] == "frame" and each["stream"] == name]
            assert len(frames) == 2
        errors = [each for each in came if each["type"] == "error"]
        assert came[-1:] == errors
        assert errors[0]["code"] == 4002
        assert f"within {STALL_TIMEOUT} s, came none" in errors[0]["message"]


async def test_acknowledgements_let_more_through(cameras: RunningServer) -> None:
    async with watcher(cameras) as client:
        await client.say("watch", stream="two")
        frames: list[dict[str, Any]] = []
        while len(frames) < 2:
            message = await client.next()
            if message["type"] == "frame":
                frames.append(message)
        await client.say("watch", stream="two", fps=15)  # that opens no way round
        with pytest.raises(TimeoutError):  # states may come, pictures may not
            while (await client.next(seconds=0.5))["type"] == "state":
                pass
        await client.ack(frames[-1])  # it stands for the one before, too
        while (message := await client.next())["type"] != "frame":
            pass
        assert message["seq"] > frames[-1]["seq"] + 1  # the newest: others were left out


async def test_what_is_watched_no_longer_comes_no_more_and_can_be_watched_again(
    cameras: RunningServer,
) -> None:
    async with watcher(cameras) as client:
        await client.say("watch", stream="two")
        await client.say("watch", stream="wall1")
        last = await client.until(type="frame", stream="two")
        await client.say("unwatch", stream="two")
        await client.say("unwatch", stream="two")
        await client.say("unwatch", stream="never watched")
        await eventually(lambda: told_of(cameras, "two")["viewers"] == 0)
        await client.say("watch", stream="none")
        while (message := await client.next())["type"] != "error":
            if message.get("stream") == "two" and "seq" in message:
                last = message  # it was on its way
        for _ in range(3):
            assert (await client.until(type="frame"))["stream"] == "wall1"
        await client.say("watch", stream="two")
        await client.say("ack", stream="two", seq=last["seq"])  # it was shown late
        again = await client.until(type="frame", stream="two")
        assert again["seq"] > last["seq"]


async def test_eight_streams_come_over_one_socket(cameras: RunningServer) -> None:
    async with watcher(cameras) as client:
        for name in WALL:
            await client.say("watch", stream=name, width=320, fps=5)
        counts = dict.fromkeys(WALL, 0)
        while min(counts.values()) < 3:
            counts[(await client.until(type="frame"))["stream"]] += 1


@pytest.mark.parametrize("name", ["two", "none", "", "../one", "x" * 3000])
async def test_a_forbidden_stream_and_an_unknown_one_get_the_same_words(
    cameras: RunningServer, name: str
) -> None:
    async with watcher(cameras, link("one")) as client:
        await client.say("watch", stream=name)
        assert await client.next() == {
            "type": "error",
            "code": 4004,
            "message": "There is no such stream for you. Log in, or ask for a link.",
            "stream": name,
        }
        await client.say("watch", stream="one")
        assert (await client.until(type="frame"))["stream"] == "one"


async def test_a_stranger_is_told_why_and_let_go_of(cameras: RunningServer) -> None:
    async with watcher(cameras, query="") as client:
        error = await client.next()
        assert (error["code"], "Log in" in error["message"]) == (4004, True)
        assert await client.ends() == ([], 4004)


async def test_a_link_is_for_as_long_as_it_says(cameras: RunningServer) -> None:
    async with watcher(cameras, link("one", seconds=2)) as client:
        await client.say("watch", stream="one", fps=2)
        assert await client.until(type="frame")
        error = await client.until(type="error")
        assert (error["code"], "expired" in error["message"]) == (4004, True)
        assert await client.ends() == ([], 4004)
    async with watcher(cameras, link("one", seconds=-1)) as client:
        error = await client.next()
        assert (error["code"], "expired" in error["message"]) == (4004, True)
        assert await client.ends() == ([], 4004)


@pytest.mark.parametrize(
    ("message", "code", "says"),
    [
        ("{", 4007, 'Expected JSON such as {"type":"watch", …}: Input data was truncated.'),
        ('{"type":"share"}', 4000, "Expected a message of type watch, unwatch, ack; came 'share'"),
        (b"\0\0\0\0", 4000, "Expected JSON as text, came a binary message"),
        (b"", 4000, "Expected JSON as text, came a binary message"),
        ('{"type":"ack","stream":"one","seq":1}', 4000, "Expected a picture up to 0, came 1"),
        ("x" * 5000, 4009, "at most 4096 bytes, came 5000"),
    ],
)
async def test_what_is_no_message_is_told_then_closed_with_its_code(
    cameras: RunningServer, message: str | bytes, code: int, says: str
) -> None:
    async with watcher(cameras) as client:
        await client.socket.send(message)
        error = await client.next()
        assert (error["type"], error["code"]) == ("error", code)
        assert says in error["message"]
        assert await client.ends() == ([], code)


async def test_to_acknowledge_what_was_never_sent_ends_the_connection(
    cameras: RunningServer,
) -> None:
    async with watcher(cameras) as client:
        await client.say("watch", stream="two")
        frame = await client.until(type="frame")
        await client.say("ack", stream="two", seq=frame["seq"] + 10_000)
        error = await client.until(type="error")
        assert f"came {frame['seq'] + 10_000}. Acknowledge what came." in error["message"]
        assert await client.ends() == ([], 4000)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({"type": "watch"}, "missing required field `stream`"),
        ({"type": "watch", "stream": "one", "width": 7}, "$.width"),
        ({"type": "watch", "stream": "one", "fps": 0}, "$.fps"),
        ({"type": "watch", "stream": "one", "url": "rtsp://x"}, "unknown field `url`"),
        ({"type": "ack", "stream": "one", "seq": "all"}, "$.seq"),
    ],
)
async def test_a_message_with_a_wrong_part_is_told_and_the_rest_goes_on(
    cameras: RunningServer, message: dict[str, object], says: str
) -> None:
    async with watcher(cameras) as client:
        await client.socket.send(json.dumps(message))
        error = await client.next()
        assert (error["type"], error["code"]) == ("error", 4007)
        assert says in error["message"]
        await client.say("watch", stream="wall1")
        assert await client.until(type="frame")


async def test_who_names_no_subprotocol_is_told_to(cameras: RunningServer) -> None:
    async with connect(f"{cameras.socket}ws/watch/?{OWNER}") as socket:
        error = json.loads(await asyncio.wait_for(socket.recv(), 20))
        assert error["message"] == (
            "Expected the subprotocol videostream.v1. Name it when you connect."
        )
        with pytest.raises(ConnectionClosed) as caught:
            await asyncio.wait_for(socket.recv(), 20)
        assert caught.value.rcvd
        assert caught.value.rcvd.code == error["code"] == 4000


@linux_only
@pytest.mark.parametrize(
    "flood",
    [
        ['{"type":"watch","stream":"%s"}' % ("x" * 3900)],
        ['{"type":"watch","stream":"one"}', '{"type":"unwatch","stream":"one"}'],
        ['{"type":"watch","stream":"one"}', '{"type":"watch","stream":"one","width":320}'],
    ],
    ids=["unknown", "left", "forms"],
)
async def test_a_flood_from_who_never_reads_costs_no_memory_and_no_place(
    cameras: RunningServer, flood: list[str]
) -> None:
    await served(cameras)
    before = cameras.memory
    url = f"{cameras.socket}ws/watch/?{OWNER}"
    async with connect(
        url, subprotocols=[Subprotocol(SUBPROTOCOL)], max_queue=1, close_timeout=0.1
    ) as socket:
        try:
            async with asyncio.timeout(3):
                for number in range(60_000):
                    await socket.send(flood[number % len(flood)])
        except (TimeoutError, ConnectionClosed):
            pass
        assert cameras.memory - before < ALLOWED
    await eventually(lambda: told_of(cameras, "one")["viewers"] == 0)


async def test_a_full_server_says_so_and_lets_in_who_comes_when_a_place_is_free(
    cameras: RunningServer,
) -> None:
    async def is_full() -> bool:
        async with watcher(cameras) as one_more:
            with suppress(ConnectionClosed):  # what it was told before is there to be read
                await one_more.say("watch", stream="none")
            error = await one_more.next()
            if error["code"] == 4013:
                assert f"(viewers at a time: {MAX_VIEWERS})" in error["message"]
                assert await one_more.ends() == ([], 4013)
            return bool(error["code"] == 4013)

    async with asyncio.timeout(20):
        while await is_full():  # those of other tests leave
            await asyncio.sleep(0.05)
        async with AsyncExitStack() as held:
            for _ in range(MAX_VIEWERS):
                await held.enter_async_context(watcher(cameras))
            while not await is_full():
                await asyncio.sleep(0.05)
        while await is_full():
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("is_rude", [False, True])
async def test_nothing_is_left_of_a_viewer_that_leaves(
    cameras: RunningServer, is_rude: bool
) -> None:
    async with watcher(cameras) as client, watcher(cameras) as other:
        for each in (client, other):
            await each.say("watch", stream="wall1")
            await each.until(type="frame")
        await other.until(type="state", viewers=2)
        assert told_of(cameras, "wall1")["viewers"] == 2
        if is_rude:
            client.socket.transport.abort()
        else:
            await client.socket.close()
        await other.until(type="state", viewers=1)
    await eventually(lambda: told_of(cameras, "wall1")["viewers"] == 0)
    await eventually(lambda: told_of(cameras, "wall1")["state"] == "closed")


async def test_a_camera_that_fails_is_told_in_words_and_the_viewer_stays(
    cameras: RunningServer,
) -> None:
    async with watcher(cameras) as client:
        await client.say("watch", stream="dead")
        state = await client.until(type="state", state="failed")
        assert "Trying again." in state["message"]
        assert "127.0.0.1" not in state["message"]
        await client.say("watch", stream="wall1")
        await client.until(type="frame", stream="wall1")


async def test_no_task_is_left_of_a_viewer_however_often_it_changed_its_mind() -> None:
    stream = Stream("webcam-test", "webcam")
    build.streams().add(stream)
    before = asyncio.all_tasks()
    headers = [(b"sec-websocket-protocol", SUBPROTOCOL.encode())]
    application = WatchConsumer.as_asgi()
    viewer = WebsocketCommunicator(application, f"/ws/watch/?{OWNER}", headers, [SUBPROTOCOL])
    assert (await viewer.connect())[0]
    assert build.admission().viewers.taken == 1
    for _ in range(50):
        await viewer.send_to(text_data='{"type":"watch","stream":"webcam-test"}')
        assert '"state"' in await viewer.receive_from()
    assert len(stream.viewers) == 1
    assert len(asyncio.all_tasks() - before) < 10
    gc.collect()
    # What is over is not kept until the viewer leaves, which may be after days.
    assert sum(isinstance(each, asyncio.Task) for each in gc.get_objects()) < 30
    await viewer.send_to(text_data='{"type":"unwatch","stream":"webcam-test"}')
    await viewer.send_to(text_data='{"type":"watch","stream":"webcam-test"}')
    await viewer.disconnect()
    await asyncio.sleep(0)
    assert not stream.viewers
    assert build.admission().viewers.taken == 0
    assert asyncio.all_tasks() <= before
    build.streams().remove(stream)
