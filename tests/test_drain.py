"""The end of each real server, whatever hangs: it is bounded by DRAIN_TIMEOUT."""

import signal
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server import ROOT, RunningServer, serve
from tests.test_deploy import database, free_port, page, started  # noqa: F401, a fixture
from tests.test_servers import GET, raw

STUBBORN = {"DJANGO_SETTINGS_MODULE": "tests.stubborn"}
ENDLESS = {"DJANGO_SETTINGS_MODULE": "tests.endless"}


def asked(held: ExitStack, server: RunningServer, path: bytes) -> socket.socket:
    """Ask for something that does not end, and return the connection."""
    return held.enter_context(raw(server, GET % path))


def stop(server: RunningServer, number: int = signal.SIGTERM) -> float:
    """Have a server end, and return after how many seconds it did."""
    begin = time.monotonic()
    server.process.send_signal(number)
    server.process.wait(60)
    return time.monotonic() - begin


@pytest.mark.parametrize("path", [b"/hangs", b"/deaf"])
def test_a_reply_that_never_ends_delays_the_end_no_longer_than_told(
    tmp_path: Path, server_name: str, path: bytes
) -> None:
    environ = STUBBORN | {"STREAMER_DRAIN_TIMEOUT": "4"}
    with (
        serve(tmp_path, "--server", server_name, **environ) as server,
        ExitStack() as held,
    ):
        asked(held, server, path)
        time.sleep(0.5)  # nothing outside tells that the view has begun
        assert stop(server) < 20, "by itself it would be an hour"
        assert server.process.returncode == 0


def test_a_second_signal_to_stop_cuts_who_is_there(tmp_path: Path) -> None:
    """With uvicorn, which gives replies some time; daphne ends those at once that it can end."""
    environ = ENDLESS | {"STREAMER_DRAIN_TIMEOUT": "60"}
    with serve(tmp_path, "--server", "uvicorn", **environ) as server, ExitStack() as held:
        assert asked(held, server, b"/").recv(1000)
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert server.process.poll() is None
        assert stop(server, signal.SIGINT) < 20, "alone it would take half a minute"
        assert server.process.returncode == 0
        assert "Traceback" not in server.log


def test_a_second_signal_to_stop_ends_what_does_not_heed_the_first(
    tmp_path: Path, server_name: str
) -> None:
    environ = STUBBORN | {"STREAMER_DRAIN_TIMEOUT": "60"}
    with serve(tmp_path, "--server", server_name, **environ) as server, ExitStack() as held:
        asked(held, server, b"/deaf")
        time.sleep(0.5)  # nothing outside tells that the view has begun
        server.process.send_signal(signal.SIGINT)
        time.sleep(0.3)
        assert server.process.poll() is None
        assert stop(server, signal.SIGINT) < 20, "alone it would take most of a minute"
        assert server.process.returncode == 0


def test_gunicorn_ends_in_the_time_that_it_is_told_whatever_hangs(
    database: str,  # noqa: F811
    tmp_path: Path,
) -> None:
    environ = STUBBORN | {"STREAMER_DRAIN_TIMEOUT": "4"}
    with (
        started("gunicorn", database, tmp_path / "log", **environ) as server,
        ExitStack() as held,
    ):
        page(server.url + "static/streamer/shared/buttons.css")
        asked(held, server, b"/hangs")
        time.sleep(0.5)  # nothing outside tells that the view has begun
        assert stop(server) < 20, "by itself it would be an hour"
        assert server.process.returncode == 0
        assert "The stop takes too long (DRAIN_TIMEOUT is 4 s)" in server.log
        assert "SIGKILL" not in server.log


LAST_RESORT = """
import asyncio, time
from streamer.servers.drain import Drain
async def main():
    drain = Drain()
    drain.begin()
    if {is_over}:
        drain.over()
asyncio.run(main())
time.sleep(60)
"""


@pytest.mark.parametrize(("is_over", "status"), [(True, 0), (False, 1)])
def test_the_status_of_a_process_that_is_ended_tells_whether_all_was_let_go_of(
    is_over: bool, status: int
) -> None:
    code = (
        "import os, django; os.environ['DJANGO_SETTINGS_MODULE'] = 'tests.settings';"
        "os.environ['STREAMER_DRAIN_TIMEOUT'] = '1'; django.setup()\n"
        + LAST_RESORT.format(is_over=is_over)
    )
    begin = time.monotonic()
    ran = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=False)
    assert ran.returncode == status
    assert time.monotonic() - begin < 30, "it would sleep for a minute"
    assert b"The stop takes too long (DRAIN_TIMEOUT is 1 s)" in ran.stderr
    assert b"MainThread" in ran.stderr
