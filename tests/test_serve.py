"""`manage.py serve`, as a user starts it."""

import asyncio
import json
import re
import signal
import socket
import struct
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from websockets.asyncio.client import connect
from websockets.sync.client import connect as connect_now
from websockets.typing import Subprotocol

from streamer.codec import encode
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import ROOT, RunningServer, serve
from tests.settings import OWNER_TOKEN


def get(url: str, **headers: str) -> tuple[int, dict[str, str], str]:
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:  # noqa: S310
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def test_it_says_where_it_is_and_what_to_do_next(server: RunningServer) -> None:
    assert re.search(r"http://127\.0\.0\.1:\d+/\n", server.said)
    assert "Open it in a browser and press Start" in server.said
    assert "HTTPS" not in server.said


def test_the_page_comes_with_its_policy_and_without_inline_code(server: RunningServer) -> None:
    status, headers, page = get(server.url)
    assert status == 200
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", page)


def test_what_the_page_names_is_served_and_comes_from_here(server: RunningServer) -> None:
    _, _, page = get(server.url)
    named = re.findall(r'(?:src|href)="([^"#]+)"', page)
    assert any(path.endswith(".js") for path in named)
    for path in named:
        assert path.startswith("/")
        status, headers, _ = get(server.url.rstrip("/") + path)
        assert status == 200, path
        if path.startswith("/static/"):
            assert headers["Cache-Control"] == "max-age=0, public"


def test_replies_name_the_server_and_not_what_it_is_made_of(server: RunningServer) -> None:
    _, headers, _ = get(server.url)
    names = {name.lower(): value for name, value in headers.items()}
    assert names["server"] == "VideoStream"
    assert "date" not in names


def test_errors_tell_strangers_nothing(server: RunningServer) -> None:
    status, _, page = get(server.url + "no/such/page")
    assert status == 404
    assert "urlpatterns" not in page


def test_on_all_addresses_it_prints_each_allows_each_and_names_https(
    tmp_path: Path, server_name: str
) -> None:
    with serve(tmp_path, "--server", server_name, "--ip", "0.0.0.0") as server:
        urls = re.findall(r"http://(\S+):(\d+)/", server.said)
        assert ("127.0.0.1", urls[0][1]) in urls
        assert socket.gethostname() in {host for host, _ in urls}
        assert "HTTPS" in server.said
        local = f"http://127.0.0.1:{urls[0][1]}/"
        for host, port in urls:
            assert get(local, Host=f"{host}:{port}")[0] == 200, host
        assert get(local, Host="evil.example")[0] == 400


def test_on_an_ipv6_address_it_serves_as_well(tmp_path: Path, server_name: str) -> None:
    with serve(tmp_path, "--server", server_name, "--ip", "::1") as server:
        assert server.url.startswith("http://[::1]:")
        assert get(server.url)[0] == 200


def test_a_port_that_is_taken_is_told(tmp_path: Path, server_name: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        says = (
            rf"Cannot serve on 127\.0\.0\.1 port {port}: \[Errno \d+\] Address already in use\. "
            "Another program has this port: choose another with --port"
        )
        command = ("--server", server_name, "--port", port)
        with pytest.raises(RuntimeError, match=says), serve(tmp_path, *command):
            pass


def test_it_prints_the_owners_link_and_where_the_cameras_are(
    tmp_path: Path, server_name: str
) -> None:
    cameras = ("--camera", "demo=pattern:", "--camera", "yard=rtsp://ann:${PASSWORD}@127.0.0.1:9/")
    own = {"STREAMER_CAMERAS": '{"porch": "pattern:"}', "PASSWORD": "planted-password"}
    with serve(tmp_path, "--server", server_name, *cameras, **own) as server:
        assert "It shows the cameras porch, demo, yard:" in server.said
        assert f"  {server.url}streams/\n" in server.said
        assert f"  {server.url}?token={OWNER_TOKEN}\n" in server.said
        assert "Who has this link may watch all cameras." in server.said
        api = f"{server.url}api/streams?token={OWNER_TOKEN}"
        streams = json.loads(get(api)[2])["streams"]
        assert [each["name"] for each in streams] == ["porch", "demo", "yard"]
        status, _, words = get(f"{server.url}streams/yard/snapshot.jpg?token={OWNER_TOKEN}")
        assert status == 503
        for told in (words, get(api)[2], server.said, server.log):
            assert "planted-password" not in told
            assert "PASSWORD" not in told
        assert OWNER_TOKEN not in server.log


@pytest.mark.parametrize(
    ("cameras", "says"),
    [
        (["demo"], r"expected NAME=SPEC, such as demo=pattern:"),
        (["demo="], r"expected NAME=SPEC, such as demo=pattern:"),
        (["=pattern:"], r"expected 1 to 50 letters, digits, - and _ before the ="),
        (["a b=pattern:"], r"expected 1 to 50 letters"),
        (["rtsp://ann:planted@host/?a=b"], r"expected 1 to 50 letters, .* before the ="),
        (["rtsp://ann:planted=b@host/"], r"expected 1 to 50 letters, .* before the ="),
        (["a=pattern:", "a=file:b"], r"--camera names a twice\. Give each camera its own name\."),
        (["a=gopher://x"], r"gopher"),
    ],
)
def test_a_camera_that_cannot_be_is_told(tmp_path: Path, cameras: list[str], says: str) -> None:
    command = [part for each in cameras for part in ("--camera", each)]
    with pytest.raises(RuntimeError, match=says) as told, serve(tmp_path, *command):
        pass
    assert "planted" not in str(told.value)


@pytest.mark.parametrize("ip", ["0.0.0.0", "::", "192.168.0.7"])
def test_with_debug_it_serves_this_machine_only(tmp_path: Path, ip: str) -> None:
    says = rf"With DJANGO_DEBUG=1 anyone may watch, .*: {ip} would let other machines in"
    command = ("--ip", ip)
    with pytest.raises(RuntimeError, match=says), serve(tmp_path, *command, DJANGO_DEBUG="1"):
        pass


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (
            ["--ip", "192.0.2.1"],
            r"Cannot serve on 192\.0\.2\.1 port 0: \[Errno \d+\] Cannot assign requested address\. "
            "Choose an address of this machine with --ip",
        ),
        (["--ip", ""], "--ip is empty"),
        (["--port", "70000"], "expected a port of 0 to 65535, came 70000"),
    ],
)
def test_an_address_that_cannot_be_is_told_with_the_remedy(
    tmp_path: Path, server_name: str, arguments: list[str], says: str
) -> None:
    command = ("--server", server_name, *arguments)
    with pytest.raises(RuntimeError, match=says), serve(tmp_path, *command):
        pass


def test_a_server_that_there_is_not_is_told_with_those_that_there_are(tmp_path: Path) -> None:
    says = r"invalid choice: 'apache' \(choose from '?daphne'?, '?uvicorn'?\)"
    with pytest.raises(RuntimeError, match=says), serve(tmp_path, "--server", "apache"):
        pass


def test_behind_https_it_names_the_address_that_visitors_use(
    tmp_path: Path, server_name: str
) -> None:
    origin = "https://cam.example.org"
    with serve(tmp_path, "--server", server_name, DJANGO_CSRF_TRUSTED_ORIGINS=origin) as server:
        assert f"  {origin}/" in server.said
        assert "http://" not in server.said


async def test_frame_count_is_when_motion_begins(tmp_path: Path) -> None:
    with serve(tmp_path, "--frame-count", "3", STREAMER_FRAME_COUNT="99") as server:
        url = server.socket + "ws/webcam/?detectors=motion"
        async with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], max_size=None) as client:
            await client.recv()
            moves = []
            for seq, shot in enumerate(footage.pan(8)):
                await client.send(struct.pack("<I", seq) + encode(shot.bgr, 80))
                result = json.loads(await asyncio.wait_for(client.recv(), 20))
                moves.append(bool(result["detections"]["motion"]))
    assert moves == [False] * 3 + [True] * 5


def test_a_frame_count_that_makes_no_sense_is_refused() -> None:
    command = [sys.executable, "manage.py", "serve", "--frame-count", "0"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert ran.returncode != 0
    assert "STREAMER_FRAME_COUNT is '0'" in ran.stderr


@pytest.mark.parametrize("stop", [signal.SIGTERM, signal.SIGINT])
def test_it_stops_when_it_is_told_to(tmp_path: Path, server_name: str, stop: int) -> None:
    with serve(tmp_path, "--server", server_name) as server:
        server.process.send_signal(stop)
        assert server.process.wait(20) == 0
        assert "Traceback" not in server.log


def test_the_bare_daphne_command_works_as_well(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    daphne = [sys.executable, "-m", "daphne", "-p", str(port), "VideoStream.asgi:application"]
    with (tmp_path / "log").open("w") as log, subprocess.Popen(daphne, cwd=ROOT, stderr=log) as it:
        try:
            while True:
                try:
                    client = connect_now(f"ws://127.0.0.1:{port}/")
                    break
                except OSError:
                    assert it.poll() is None, (tmp_path / "log").read_text()
                    time.sleep(0.1)
            with client:
                client.send(footage.jpeg())
                assert str(client.recv(20)).startswith("/9j/")
        finally:
            it.terminate()
