"""A stream's pictures over HTTP, from real servers."""

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from itertools import islice
from pathlib import Path

import av
import cv2
import pytest

from streamer.codec import JpegFrame
from tests.server import RunningServer, serve
from tests.test_servers import ALLOWED, GET, HAND_SHAKE, linux_only, served
from tests.watching import (
    ENVIRON,
    LINGER,
    MAX_VIEWERS,
    OWNER,
    ask,
    eventually,
    link,
    opened,
    parts,
    told_of,
    watcher,
)


def test_each_part_is_another_picture_and_tells_its_length(cameras: RunningServer) -> None:
    with opened(cameras, "/streams/two/mjpeg") as reply:
        assert reply.status == 200
        assert reply.getheader("Cache-Control") == "no-store"
        assert reply.getheader("X-Accel-Buffering") == "no"
        assert reply.getheader("Content-Length") is None
        pictures = list(islice(parts(reply), 10))
        assert told_of(cameras, "two")["viewers"] == 1
    assert len(set(pictures)) == 10
    for picture in pictures:
        assert JpegFrame(picture).gray.shape == (480, 640)


def test_a_part_is_whole_before_the_next_begins(cameras: RunningServer) -> None:
    """Browsers show a part when its end has come, which the next boundary tells."""
    with opened(cameras, "/streams/wall1/mjpeg") as reply:
        reply.fp.readline()  # the size of the first chunk
        assert reply.fp.read(9) == b"--frame\r\n"
        reply.fp.readline()
        size = int(reply.fp.readline(), 16)
        assert reply.fp.read(size).endswith(b"\xff\xd9\r\n--frame\r\n")


@pytest.mark.parametrize("path", ["/streams/two/mjpeg", "/streams/two/snapshot.jpg"])
def test_pictures_come_in_the_widths_of_walls(cameras: RunningServer, path: str) -> None:
    for width in ("320", "640", ""):
        with opened(cameras, path, f"{OWNER}&width={width}") as reply:
            picture = next(parts(reply)) if path.endswith("mjpeg") else reply.read()
        assert JpegFrame(picture).width == int(width or 640)
    for width in ("7", "-320", "wide"):
        answer = ask(cameras, path, f"{OWNER}&width={width}")
        assert answer.status == 400
        assert answer.words == f"Expected a width of 320 or 640, or none, came {width!r}.\n"


def test_players_show_it(cameras: RunningServer) -> None:
    url = f"{cameras.url}streams/two/mjpeg?{OWNER}"
    with av.open(url, timeout=20) as stream:
        frames = [frame.to_ndarray(format="bgr24") for frame in islice(stream.decode(video=0), 4)]
    assert {frame.shape for frame in frames} == {(480, 640, 3)}
    assert len({frame.tobytes() for frame in frames}) == 4
    camera = cv2.VideoCapture(url)
    try:
        assert camera.isOpened()
        seen = [camera.read() for _ in range(4)]
    finally:
        camera.release()
    assert all(ok for ok, _ in seen)
    assert len({frame.tobytes() for _, frame in seen}) == 4


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/streams/wall2/mjpeg", "multipart/x-mixed-replace; boundary=frame"),
        ("/streams/wall2/snapshot.jpg", "image/jpeg"),
    ],
)
def test_head_tells_the_same_without_pictures(cameras: RunningServer, path: str, kind: str) -> None:
    answer = ask(cameras, path, method="HEAD")
    assert (answer.status, answer.body) == (200, b"")
    assert answer.headers["content-type"] == kind
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers.get("content-length") != "0"


async def test_a_full_server_says_when_to_come_back(cameras: RunningServer) -> None:
    await eventually(lambda: not any_viewers(cameras))
    with ExitStack() as held:
        for _ in range(MAX_VIEWERS):
            reply = held.enter_context(opened(cameras, "/streams/wall1/mjpeg"))
            next(parts(reply))
        for path in ("/streams/wall2/mjpeg", "/streams/wall2/snapshot.jpg"):
            for method in ("GET", "HEAD"):
                answer = ask(cameras, path, method=method)
                assert answer.status == 503
                assert answer.headers["retry-after"] == "10"
                if method == "GET":
                    assert f"The server is full (viewers at a time: {MAX_VIEWERS})" in answer.words
    await eventually(lambda: ask(cameras, "/streams/wall1/snapshot.jpg").status == 200)


def any_viewers(server: RunningServer) -> bool:
    return any(each["viewers"] for each in ask(server, "/api/streams").json["streams"])


def test_a_camera_that_cannot_be_opened_is_told_as_a_picture_and_the_viewer_stays(
    cameras: RunningServer,
) -> None:
    with opened(cameras, "/streams/dead/mjpeg") as reply:
        picture = JpegFrame(next(parts(reply))).gray
        assert picture.shape == (480, 640)
        assert picture.std() > 5  # there are words on it
        told = told_of(cameras, "dead")
        assert (told["state"], told["viewers"]) == ("failed", 1)
        assert "127.0.0.1" not in told["message"]


async def test_the_camera_closes_a_while_after_its_last_viewer_left(
    cameras: RunningServer,
) -> None:
    with opened(cameras, "/streams/wall3/mjpeg") as reply:
        next(parts(reply))
        assert told_of(cameras, "wall3")["state"] == "live"
    await eventually(lambda: told_of(cameras, "wall3")["viewers"] == 0)
    left = time.monotonic()
    await eventually(lambda: told_of(cameras, "wall3")["state"] == "closed")
    assert time.monotonic() - left < LINGER + 1


async def test_a_snapshot_opens_the_camera(cameras: RunningServer) -> None:
    await eventually(lambda: told_of(cameras, "wall4")["state"] == "closed")
    answer = ask(cameras, "/streams/wall4/snapshot.jpg")
    assert answer.status == 200
    assert answer.headers["content-type"] == "image/jpeg"
    assert answer.headers["cache-control"] == "no-store"
    assert int(answer.headers["content-length"]) == len(answer.body)
    assert JpegFrame(answer.body).gray.shape == (480, 640)
    assert told_of(cameras, "wall4")["viewers"] == 0


def test_a_snapshot_of_what_fails_says_why_and_when_to_come_back(cameras: RunningServer) -> None:
    began = time.monotonic()
    answer = ask(cameras, "/streams/dead/snapshot.jpg")
    assert time.monotonic() - began < 6
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert "Trying again." in answer.words
    assert "127.0.0.1" not in answer.words
    assert "camera dead: " in cameras.log
    assert "dead/snapshot.jpg" not in cameras.log, "the reason is told once, not with each request"


def test_video_feed_is_the_first_camera(cameras: RunningServer, server: RunningServer) -> None:
    with opened(cameras, "/video_feed") as reply:
        next(parts(reply))
        assert told_of(cameras, "one")["viewers"] == 1
    answer = ask(server, "/video_feed")  # it has none
    assert answer.status == 404
    assert "--camera demo=pattern:" in answer.words
    assert ask(server, "/video_feed", query="").status == 401


@pytest.mark.parametrize("path", ["mjpeg", "snapshot.jpg"])
def test_a_stream_that_is_not_there_is_told(cameras: RunningServer, path: str) -> None:
    answer = ask(cameras, f"/streams/none/{path}")
    assert answer.status == 404
    assert answer.words == "There is no such stream. /api/streams lists those that are.\n"


@pytest.mark.parametrize("name", ["wall5", "dead"])
def test_a_link_ends_although_nothing_new_may_come(cameras: RunningServer, name: str) -> None:
    with opened(cameras, f"/streams/{name}/mjpeg", link(name, seconds=2)) as reply:
        began = time.monotonic()
        assert list(parts(reply))
        assert time.monotonic() - began < 3
    assert ask(cameras, f"/streams/{name}/snapshot.jpg", link(name, seconds=-1)).status == 401
    assert ask(cameras, f"/streams/{name}/snapshot.jpg", link("one")).status == 403


@contextmanager
def deaf(server: RunningServer, sends: bytes) -> Iterator[socket.socket]:
    """Open a connection that takes next to nothing, send this, and never read."""
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        client.connect(("127.0.0.1", server.port))
        client.settimeout(20)
        client.sendall(sends)
        yield client


def watch_frame(text: bytes) -> bytes:
    """Return a WebSocket frame of text of less than 126 bytes, masked with zeros."""
    return bytes((0x81, 0x80 | len(text), 0, 0, 0, 0)) + text


async def by_socket(server: RunningServer, counts: dict[str, int], name: str) -> None:
    """Watch by WebSocket, and count pictures."""
    async with watcher(server) as client:
        await client.say("watch", stream="one")
        while await client.until(type="frame"):
            counts[name] += 1


async def by_http(server: RunningServer, counts: dict[str, int], name: str) -> None:
    """Watch by MJPEG, and count pictures."""
    reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
    writer.write(GET % f"/streams/one/mjpeg?{OWNER}".encode())
    try:
        while await reader.readuntil(b"Content-Type: image/jpeg"):
            counts[name] += 1
    finally:
        writer.close()


async def counted(counts: dict[str, int], seconds: float) -> dict[str, int]:
    """Return how many pictures each viewer gets in so many seconds."""
    before = dict(counts)
    await asyncio.sleep(seconds)
    return {name: counts[name] - before[name] for name in counts}


@linux_only
async def test_who_never_reads_costs_the_others_nothing_and_the_server_no_memory(
    tmp_path: Path, server_name: str
) -> None:
    more = ENVIRON | {"STREAMER_STALL_TIMEOUT": "60"}  # they stay
    with serve(tmp_path, "--server", server_name, **more) as server:
        viewers = {"ws1": by_socket, "ws2": by_socket, "http1": by_http, "http2": by_http}
        counts = dict.fromkeys(viewers, 0)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(view(server, counts, n)) for n, view in viewers.items()]
            await served(server)  # all is loaded
            while min(counts.values()) < 30:
                await asyncio.sleep(0.05)
            alone = await counted(counts, 2)
            with ExitStack() as held:
                mjpeg = GET % f"/streams/one/mjpeg?{OWNER}".encode()
                watch = HAND_SHAKE.replace(b" / ", f" /ws/watch/?{OWNER} ".encode())
                watch += b"Sec-WebSocket-Protocol: videostream.v1\r\n\r\n"
                for _ in range(5):
                    held.enter_context(deaf(server, mjpeg))
                    client = held.enter_context(deaf(server, watch))
                    assert client.recv(12) == b"HTTP/1.1 101"
                    client.sendall(watch_frame(b'{"type":"watch","stream":"one"}'))
                await eventually(lambda: told_of(server, "one")["viewers"] == 14)
                before = server.memory
                beside = await counted(counts, 2)
                assert server.memory - before < ALLOWED
                assert told_of(server, "one")["viewers"] == 14
            for task in tasks:
                task.cancel()
        assert "Traceback" not in server.log
    assert min(alone.values()) > 2 * 10
    for name in viewers:
        assert beside[name] > 0.9 * alone[name], (alone, beside)


def test_a_page_that_is_not_there_says_so_in_our_look(cameras: RunningServer) -> None:
    token = OWNER.removeprefix("token=")
    for path in ("/nowhere/", "/streams/nobody/"):
        answer = ask(cameras, path, "", headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 404
        assert "There is nothing here" in answer.words
