"""Pictures live in memory alone: a traced server writes none to any file."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.faults import ENVIRON, audience
from tests.server import RunningServer, serve
from tests.watching import ask

CALLS = (
    "write,writev,pwrite64,pwritev,pwritev2,send,sendto,sendmsg,sendmmsg,sendfile,splice,"
    "copy_file_range,mmap"
)
"""What gives bytes to a file or to a socket."""

START = r"\xff\xd8\xff"
"""How a JPEG begins, as strace writes it."""

LINE = 2000
"""Bytes of a line of the log, at the most; the smallest picture here has more."""

DONE = 20
"""Pictures that each has got while the server was traced."""


def strace() -> str:
    """Return the program that traces; without it the test skips, or fails if it is required."""
    if path := shutil.which("strace"):
        return path
    how = "To see what a server writes needs strace. On Debian: sudo apt-get install strace"
    if os.environ.get("REQUIRE_STRACE") == "1":
        pytest.fail(how)
    pytest.skip(how)


@contextmanager
def traced(server: RunningServer, log: Path) -> Iterator[None]:
    """Note what a process writes and to what, in all of its threads."""
    program = strace()
    command = [program, "-f", "-y", "-x", "-s", "64", "-e", f"trace={CALLS}", "-o", str(log)]
    with subprocess.Popen(
        [*command, "-p", str(server.process.pid)], stderr=subprocess.PIPE, text=True
    ) as tracer:
        assert tracer.stderr
        said = tracer.stderr.readline()
        if "attached" not in said:
            pytest.skip(f"strace may not trace here: {said}")
        try:
            yield
        finally:
            tracer.terminate()
            tracer.wait(20)


CALL = re.compile(
    r"""^\d+\ +(?:
      mmap\([^()]*PROT_WRITE[^()]*MAP_SHARED[^()]*,\ \d+<(?P<mapped>/[^>]*)>.*
      |\w+\((?:\d+<[^>]*>,\ \w+,\ )?\d+<(?P<file>/[^>]*)>.*?(?:=\ (?P<size>\d+))?
    )$""",
    re.MULTILINE | re.VERBOSE,
)
"""A call that writes to a file, as strace writes it."""


def test_calls_that_write_to_files_are_known() -> None:
    calls = """
12 write(2</var/log>, "\\x7b", 64) = 64
12 sendto(9<socket:[7]>, "\\xff\\xd8\\xff\\xe0", 4, 0, NULL, 0) = 4
12 write(7<anon_inode:[eventfd]>, "\\x01", 8) = 8
12 pwrite64(8</db>, "\\xff\\xd8\\xff"..., 4096, 0) = 4096
12 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 5</var/a>, 0) = 0x7f
12 mmap(NULL, 4096, PROT_READ, MAP_PRIVATE, 5</lib>, 0) = 0x7f
12 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = 0x7f
12 writev(3</var/b>, [{iov_base="\\xff"..., iov_len=10}], 1 <unfinished ...>
12 sendfile(4<socket:[1]>, 5</var/page>, NULL, 10) = 10
""".replace("\\\\", "\\")
    found = [(call["mapped"] or call["file"], call["size"]) for call in CALL.finditer(calls)]
    assert found == [("/var/log", "64"), ("/db", "4096"), ("/var/a", None), ("/var/b", None)]


def share(server: RunningServer) -> None:
    """Share a webcam, and look at it."""
    with connect(f"{server.socket}ws/webcam/", subprotocols=[Subprotocol(SUBPROTOCOL)]) as socket:
        socket.send(json.dumps({"type": "share"}))
        while (told := json.loads(socket.recv(20)))["type"] != "shared":
            pass
        with ThreadPoolExecutor(1) as pool:
            path = f"/streams/{told['stream']}/snapshot.jpg"
            picture = pool.submit(ask, server, path)
            for seq in range(1, 1000):
                socket.send(seq.to_bytes(4, "little") + footage.jpeg())
                while json.loads(socket.recv(20))["type"] != "result":
                    pass
                if picture.done():
                    break
            assert picture.result().body.startswith(b"\xff\xd8\xff")


async def test_a_traced_session_writes_no_picture(tmp_path: Path, server_name: str) -> None:
    folder, log = tmp_path / "site", tmp_path / "trace"
    folder.mkdir()
    with serve(folder, "--server", server_name, **ENVIRON) as server, traced(server, log):
        async with audience(server) as there:
            snapshot = await asyncio.to_thread(ask, server, "/streams/demo/snapshot.jpg")
            assert snapshot.status == 200
            await asyncio.to_thread(share, server)
            async with asyncio.timeout(60):
                while any(there.pictures[kind] < DONE for kind in there.longest):
                    await asyncio.sleep(0.05)
    calls = log.read_text()
    assert START in calls, "no picture was seen on its way to a viewer"
    for call in CALL.finditer(calls):
        assert call["file"] == str(server.log_file), call[0]
        assert START not in call[0]
        assert int(call["size"] or 0) < LINE  # none where another call came between
    assert base64.b64encode(b"\xff\xd8\xff").decode() not in server.log
