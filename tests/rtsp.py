"""A real RTSP server, of GStreamer; see rtsp_server.py."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

PYTHON = "/usr/bin/python3"
"""The system's: the bindings of GStreamer come with it, and not from PyPI."""
SCRIPT = Path(__file__).with_name("rtsp_server.py")


class Server(NamedTuple):
    """A server that runs, and what it is called by."""

    process: subprocess.Popen[str]
    port: int

    @property
    def url(self) -> str:
        return f"rtsp://127.0.0.1:{self.port}/live"


@contextmanager
def serve(
    codec: str = "h264", login: tuple[str, str] | None = None, port: int = 0
) -> Iterator[Server]:
    """Run a server, whose pictures are 320 x 240 at 25 fps, coded as h264 or jpeg."""
    _require()
    with subprocess.Popen(
        [PYTHON, str(SCRIPT), str(port), codec, *(login or ())], stdout=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout
            yield Server(process, int(process.stdout.readline()))
        finally:
            process.kill()


def _require() -> None:
    """Skip the test where GStreamer is missing, or fail if it has to be there."""
    if trouble := _trouble():
        how = (
            "Tests of RTSP need GStreamer. On Debian: sudo apt-get install python3-gi "
            "gir1.2-gst-rtsp-server-1.0 "
            f"({trouble})"
        )
        if os.environ.get("REQUIRE_RTSP") == "1":
            pytest.fail(how)
        pytest.skip(how)


@cache
def _trouble() -> str:
    """Return why the server cannot run, nothing where it can."""
    if not Path(PYTHON).is_file():
        return f"there is no {PYTHON}"
    ran = subprocess.run(
        [PYTHON, str(SCRIPT), "--check"], capture_output=True, text=True, check=False
    )
    return ran.stderr.strip().rpartition("\n")[2] if ran.returncode else ""
