"""Real sockets to a real server."""

import asyncio
import base64
import json
import struct
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from channels.testing import WebsocketCommunicator
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from streamer.build import admission, streams
from streamer.codec import JpegFrame
from streamer.consumers.webcam import WebcamConsumer
from streamer.types import Box
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import RunningServer, serve


@asynccontextmanager
async def plain(server: RunningServer, path: str = "/") -> AsyncIterator[ClientConnection]:
    async with connect(server.socket.rstrip("/") + path, max_size=None) as socket:
        yield socket


@asynccontextmanager
async def version1(
    server: RunningServer, path: str = "/ws/webcam/"
) -> AsyncIterator[tuple[ClientConnection, dict[str, Any]]]:
    """Connect and yield the socket and the hello."""
    url = server.socket.rstrip("/") + path
    async with connect(url, max_size=None, subprotocols=[Subprotocol(SUBPROTOCOL)]) as socket:
        assert socket.subprotocol == SUBPROTOCOL
        yield socket, await told(socket)


async def told(socket: ClientConnection) -> dict[str, Any]:
    message = json.loads(await asyncio.wait_for(socket.recv(), 20))
    assert isinstance(message, dict)
    return message


async def closed(socket: ClientConnection) -> int:
    """Return the code that the server closes with; messages before that are passed over."""
    with pytest.raises(ConnectionClosed) as caught:
        while True:
            await asyncio.wait_for(socket.recv(), 20)
    assert caught.value.rcvd
    return caught.value.rcvd.code


def frame(seq: int, jpeg: bytes | None = None) -> bytes:
    return struct.pack("<I", seq) + (footage.jpeg() if jpeg is None else jpeg)


@pytest.mark.parametrize("path", ["/", "/ws/webcam/"])
async def test_a_dozen_lines_get_an_annotated_picture(server: RunningServer, path: str) -> None:
    async with plain(server, path) as socket:
        await socket.send(footage.jpeg())
        answer = await asyncio.wait_for(socket.recv(), 20)
        assert isinstance(answer, str)
        picture = JpegFrame(base64.b64decode(answer, validate=True)).bgr
        sent = JpegFrame(footage.jpeg()).bgr
        assert picture.shape == sent.shape
        assert np.abs(picture.astype(int) - sent).mean() < 12  # the same scene ...
        assert np.abs(picture[:30, :150].astype(int) - sent[:30, :150]).mean() > 20  # ... captioned


async def test_an_empty_message_ends_a_plain_session(server: RunningServer) -> None:
    async with plain(server) as socket:
        await socket.send(footage.jpeg())
        await socket.recv()
        await socket.send(b"")
        assert await closed(socket) == 1000


async def test_a_plain_client_gets_pictures_for_what_it_sends_every_100_ms(
    server: RunningServer,
) -> None:
    async with plain(server) as socket:
        answers = 0
        for _ in range(10):
            await socket.send(footage.jpeg())
            await asyncio.sleep(0.1)
        await socket.send(b"")
        async for message in socket:
            assert isinstance(message, str)
            assert base64.b64decode(message, validate=True).startswith(b"\xff\xd8\xff")
            answers += 1
        assert 1 <= answers <= 10


async def test_the_query_sets_what_a_plain_client_gets(server: RunningServer) -> None:
    async with plain(server, "/?detectors=&quality=40&width=320") as socket:
        await socket.send(footage.jpeg())
        picture = base64.b64decode(await asyncio.wait_for(socket.recv(), 20))
        assert JpegFrame(picture).gray.shape == (240, 320)


async def test_a_plain_client_with_a_wrong_query_is_closed_with_the_code(
    server: RunningServer,
) -> None:
    async with plain(server, "/?detectors=hands") as socket:
        assert await closed(socket) == 4007


async def test_ten_bad_frames_end_a_plain_session(server: RunningServer) -> None:
    async with plain(server) as socket:
        for _ in range(9):
            await socket.send(b"no picture")
            await asyncio.sleep(0.1)
        await socket.send(footage.jpeg())
        assert isinstance(await asyncio.wait_for(socket.recv(), 20), str)
        for _ in range(10):
            await socket.send(b"no picture")
            await asyncio.sleep(0.1)
        assert await closed(socket) == 4003


async def test_hello_comes_first_with_the_limits(server: RunningServer) -> None:
    async with version1(server) as (_, hello):
        assert hello["type"] == "hello"
        assert hello["limits"] == {
            "max_bytes": 524288, "max_pixels": 2100000, "max_side": 2048, "max_fps": 30,
        }  # fmt: skip
        assert hello["window"] == 2
        assert hello["detectors"] == ["motion", "faces", "landmarks", "emotion"]


async def test_each_reply_form_has_the_same_result(server: RunningServer) -> None:
    async with version1(server) as (socket, _):
        forms: dict[str, dict[str, Any]] = {}
        for seq, reply in enumerate(("base64", "binary", "results")):
            await socket.send(json.dumps({"type": "settings", "reply": reply}))
            assert (await told(socket))["reply"] == reply
            await socket.send(frame(seq))
            message = await asyncio.wait_for(socket.recv(), 20)
            if isinstance(message, bytes):
                (length,) = struct.unpack_from("<I", message)
                assert JpegFrame(message[4 + length :]).width == 640
                message = message[4 : 4 + length].decode()
            forms[reply] = json.loads(message)
        picture = base64.b64decode(forms["base64"].pop("image"))
        assert JpegFrame(picture).width == 640
        face = forms["results"]["detections"]["faces"][0]
        assert Box(*face["box"]).overlap(footage.shot().face) > 0.7
        assert len(face["landmarks"]) == 68
        assert face["emotion"]["label"] == "happy"
        for seq, form in enumerate(forms.values()):
            assert (form["type"], form["seq"], form["dropped"]) == ("result", seq, 0)
            assert set(form["ms"]) == {"wait", "decode", "detect", "draw", "encode"}
            (each,) = form["detections"]["faces"]
            assert Box(*each["box"]).overlap(Box(*face["box"])) > 0.95


async def test_wrong_settings_are_told_and_change_nothing(server: RunningServer) -> None:
    async with version1(server, "/ws/webcam/?quality=50") as (socket, hello):
        await socket.send('{"type":"settings","quality":20,"width":"wide"}')
        error = await told(socket)
        assert (error["type"], error["code"]) == ("error", 4007)
        assert "$.width" in error["message"]
        await socket.send('{"type":"settings"}')
        assert await told(socket) == hello["settings"]
        assert hello["settings"]["quality"] == 50


async def test_a_burst_is_answered_by_the_newest_and_counts_the_rest(
    server: RunningServer,
) -> None:
    async with version1(server) as (socket, _):
        for seq in range(12):
            await socket.send(frame(seq))
        answers: list[dict[str, Any]] = []
        while not answers or answers[-1]["seq"] < 11:
            answers.append(await told(socket))
        assert len(answers) + answers[-1]["dropped"] == 12
        assert len(answers) < 12


async def test_a_subprotocol_that_we_do_not_speak_is_not_agreed_on(server: RunningServer) -> None:
    async with connect(server.socket, subprotocols=[Subprotocol("videostream.v9")]) as socket:
        assert socket.subprotocol is None
        await socket.send(footage.jpeg())
        assert str(await asyncio.wait_for(socket.recv(), 20)).startswith("/9j/")


@pytest.mark.parametrize(("size", "code"), [(1 << 20, 4009), ((1 << 20) + 1, None)])
async def test_messages_beyond_a_mebibyte_end_the_connection_before_they_are_read(
    server: RunningServer, size: int, code: int | None
) -> None:
    async with version1(server) as (socket, _):
        with pytest.raises(ConnectionClosed) as caught:
            await socket.send(bytes(size))
            while True:
                await asyncio.wait_for(socket.recv(), 20)
    came = caught.value.rcvd.code if caught.value.rcvd else None
    assert came == code or (code is None and came == 1009)  # daphne tells no code, uvicorn 1009


async def test_visitors_share_nothing(server: RunningServer) -> None:
    async with version1(server) as (one, _), version1(server) as (other, _):
        await one.send('{"type":"settings","detectors":["faces"],"reply":"results"}')
        await told(one)
        await one.send(frame(1))
        await other.send(frame(1))
        assert "image" not in await told(one)
        answer = await told(other)
        assert "image" in answer
        assert "motion" in answer["detections"]


@pytest.mark.parametrize("origin", ["http://127.0.0.1:1", "http://localhost", None])
async def test_own_pages_and_programs_are_let_in(
    server: RunningServer, origin: Origin | None
) -> None:
    async with connect(server.socket, origin=origin) as socket:
        await socket.send(footage.jpeg())
        assert await asyncio.wait_for(socket.recv(), 20)


@pytest.mark.parametrize("origin", ["https://example.com", "null", "http://127.0.0.1.evil.org"])
async def test_a_foreign_page_is_refused_before_the_hand_shake(
    server: RunningServer, origin: str
) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(server.socket, origin=Origin(origin)):
            pass
    assert caught.value.response.status_code == 403


async def test_a_full_server_says_so_and_lets_in_who_comes_when_a_place_is_free(
    tmp_path: Path, server_name: str
) -> None:
    with serve(tmp_path, "--server", server_name, STREAMER_MAX_SESSIONS="1") as server:
        async with version1(server) as (_, hello):
            assert hello["type"] == "hello"
            async with version1(server) as (second, error):
                assert (error["type"], error["code"]) == ("error", 4013)
                assert await closed(second) == 4013
        async with asyncio.timeout(20):
            while True:
                async with version1(server) as (_, answer):
                    if answer["type"] == "hello":
                        break
                await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", ["nope", "ws/", "ws/webcam/nope"])
async def test_a_path_that_is_not_there_is_refused(server: RunningServer, path: str) -> None:
    with pytest.raises(InvalidStatus) as caught:
        async with connect(server.socket + path):
            pass
    assert caught.value.response.status_code == 403


async def test_a_plain_client_gets_pictures_whatever_reply_it_asks_for(
    server: RunningServer,
) -> None:
    async with plain(server, "/?reply=results") as socket:
        await socket.send(footage.jpeg())
        assert str(await asyncio.wait_for(socket.recv(), 20)).startswith("/9j/")


async def test_nothing_is_left_of_a_session_that_ended() -> None:
    before = asyncio.all_tasks()
    for ending in ("disconnect", "empty message", "bad message"):
        visitor = WebsocketCommunicator(WebcamConsumer.as_asgi(), "/")
        assert (await visitor.connect())[0]
        assert admission().webcams.taken == 1
        await visitor.send_to(bytes_data=footage.jpeg())
        await visitor.receive_from(20)
        if ending == "empty message":
            await visitor.send_input({"type": "websocket.receive", "bytes": b""})
        elif ending == "bad message":
            await visitor.send_to(text_data="{")
        await visitor.disconnect()
        await asyncio.sleep(0)
        assert admission().webcams.taken == 0
        assert asyncio.all_tasks() <= before, ending


async def test_who_connects_while_the_server_fails_is_told_to_come_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(*_: object) -> None:
        raise RuntimeError("out of order")

    monkeypatch.setattr("streamer.consumers.webcam.build.session", fails)
    headers = [(b"sec-websocket-protocol", SUBPROTOCOL.encode())]
    application = WebcamConsumer.as_asgi()
    visitor = WebsocketCommunicator(application, "/ws/webcam/", headers, [SUBPROTOCOL])
    assert (await visitor.connect())[0]
    error = json.loads(await visitor.receive_from())
    assert (error["type"], error["code"]) == ("error", 4012)
    assert "out of order" not in error["message"]
    assert "out of order" in caplog.text
    assert await visitor.receive_output() == {"type": "websocket.close", "code": 4012}
    await visitor.disconnect()
    assert admission().webcams.taken == 0


async def test_nothing_comes_after_the_error_that_ends_a_connection() -> None:
    """A server calls it a fault to be given more; the answers from before come first."""
    headers = [(b"sec-websocket-protocol", SUBPROTOCOL.encode())]
    application = WebcamConsumer.as_asgi()
    visitor = WebsocketCommunicator(application, "/ws/webcam/", headers, [SUBPROTOCOL])
    assert (await visitor.connect())[0]
    await visitor.receive_from()
    for message in ('{"type":"share"}', '{"type":"settings"}', '{"type":"unshare"}', "{", "{"):
        await visitor.send_to(text_data=message)
    await visitor.send_to(bytes_data=frame(1))
    came = []
    while (output := await visitor.receive_output(20))["type"] != "websocket.close":
        came.append(json.loads(output["text"])["type"])
    assert [kind for kind in came if kind != "shared"] == ["settings", "unshared", "error"]
    assert await visitor.receive_nothing()
    await visitor.disconnect()
    assert not [each for each in streams() if each.kind == "webcam"]
