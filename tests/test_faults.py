"""No room on the disk, no file handles: what needs some is refused until there are some."""

from __future__ import annotations

import asyncio
import json
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from http.client import HTTPConnection, HTTPException
from pathlib import Path

import pytest

from tests import clips
from tests.faults import CAMERAS, ENVIRON, audience
from tests.server import RunningServer, serve
from tests.settings import OWNER_TOKEN
from tests.visits import Visit, owner_by_session
from tests.watching import Answer, eventually, watcher

FOREIGN_HOST = {"Host": "elsewhere.example"}
"""A request that is told to the log."""

STYLES = "/static/streamer/base.css"


@contextmanager
def small_disk(folder: Path) -> Iterator[Path]:
    """Yield a folder on a disk of 4 MB of its own."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a disk that can be filled needs Linux, and who may mount: {error}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S607


def fill(folder: Path) -> Path:
    """Fill a disk to its last byte; return the file that does."""
    big = folder / "big"
    with big.open("wb", buffering=0) as file, pytest.raises(OSError, match="No space left"):
        while True:
            file.write(bytes(4096))
    return big


def asked_for_elsewhere(server: RunningServer) -> int:
    return Visit(server).ask("/", **FOREIGN_HOST).status


async def test_on_a_full_disk_streams_go_on_and_what_is_written_is_refused(
    tmp_path: Path, server_name: str
) -> None:
    with (
        small_disk(tmp_path / "disk") as disk,
        serve(disk, "--server", server_name, **ENVIRON) as server,
    ):
        owner = await asyncio.to_thread(owner_by_session, server)
        async with audience(server) as there:
            begun = time.monotonic()
            big = fill(disk)
            link = Visit(server, {"token": OWNER_TOKEN})
            answer = await asyncio.to_thread(link.ask, "/streams/")
            assert (answer.status, answer.headers["retry-after"]) == (503, "10")
            assert "Traceback" not in answer.body
            size = server.log_file.stat().st_size
            for _ in range(200):  # more than may wait in the process to be written
                assert await asyncio.to_thread(asked_for_elsewhere, server) == 400
            there.check(time.monotonic() - begun)
            assert server.log_file.stat().st_size < size + 8192, "the disk was not full"
            big.unlink()
            await eventually(lambda: link.ask("/streams/").status == 302)
            assert (await asyncio.to_thread(owner.ask, "/streams/")).status == 200
            size = server.log_file.stat().st_size
            assert await asyncio.to_thread(asked_for_elsewhere, server) == 400
            await eventually(lambda: server.log_file.stat().st_size > size)
        assert server.process.poll() is None


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a file that is always full is Linux's")
async def test_a_log_that_takes_nothing_stops_nobody(tmp_path: Path, server_name: str) -> None:
    (tmp_path / "stderr").symlink_to("/dev/full")
    with serve(tmp_path, "--server", server_name, **ENVIRON) as server:
        async with audience(server) as there:
            begun = time.monotonic()
            for _ in range(50):
                assert await asyncio.to_thread(asked_for_elsewhere, server) == 400
            there.check(time.monotonic() - begun)
        assert server.process.poll() is None
        server.process.terminate()
        await asyncio.to_thread(server.process.wait, 10)


@contextmanager
def no_handles(server: RunningServer) -> Iterator[None]:
    """Leave a process those files that it has open, and no other."""
    resource = pytest.importorskip("resource", reason="Windows has no such limit")
    if not hasattr(resource, "prlimit"):
        pytest.skip("only Linux limits a process that runs already")
    pid, kind = server.process.pid, resource.RLIMIT_NOFILE
    taken = {int(each.name) for each in Path(f"/proc/{pid}/fd").iterdir()}
    free = next(number for number in range(len(taken) + 1) if number not in taken)
    before = resource.prlimit(pid, kind)
    resource.prlimit(pid, kind, (free, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, kind, before)


class Kept:
    """A connection that stays open, since another one would need a handle."""

    def __init__(self, server: RunningServer, **headers: str) -> None:
        self._headers = headers
        self._client = HTTPConnection("127.0.0.1", server.port, timeout=20)
        self._client.connect()

    def ask(self, path: str) -> Answer:
        self._client.request("GET", path, headers=self._headers)
        reply = self._client.getresponse()
        headers = {name.lower(): value for name, value in reply.getheaders()}
        return Answer(reply.status, headers, reply.read())

    def __enter__(self) -> Kept:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()


def is_served(kept: Kept, path: str) -> bool:
    return kept.ask(path).status == 200


async def test_without_file_handles_streams_go_on_and_what_needs_one_is_refused(
    tmp_path: Path, server_name: str
) -> None:
    clip = clips.write(tmp_path / "clip.mp4")
    environ = ENVIRON | {"STREAMER_CAMERAS": json.dumps(CAMERAS | {"clip": f"file:{clip}"})}
    with ExitStack() as stack:
        server = stack.enter_context(serve(tmp_path, "--server", server_name, **environ))
        owner = await asyncio.to_thread(owner_by_session, server)
        cookies = "; ".join(f"{name}={value}" for name, value in owner.cookies.items())
        known = stack.enter_context(Kept(server, Cookie=cookies))
        stranger = stack.enter_context(Kept(server))
        for each in (known, stranger):
            await asyncio.to_thread(each.ask, "/")
        async with audience(server) as there, watcher(server) as watching:
            begun = time.monotonic()
            with no_handles(server):
                await watching.say("watch", stream="clip", width=320)
                trouble = await watching.until(type="state", state="failed")
                assert "Trying again." in trouble["message"]
                for asker, path in (
                    (known, "/api/streams"),
                    (known, "/streams/"),
                    (stranger, "/login/"),
                ):
                    answer = await asyncio.to_thread(asker.ask, path)
                    assert (answer.status, answer.headers.get("retry-after")) == (503, "10"), path
                    assert "Traceback" not in answer.words
                # It is opened when the answer has begun, which then breaks off.
                with pytest.raises((HTTPException, ConnectionError)):
                    await asyncio.to_thread(stranger.ask, STYLES)
                there.check(time.monotonic() - begun)
            await watching.until(type="frame")
            for path in ("/api/streams", "/login/", STYLES):
                await eventually(partial(is_served, known, path))
            there.check(time.monotonic() - begun)
