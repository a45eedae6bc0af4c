"""The servers that docs/deploy.md tells of, started as it says."""

import json
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError
from urllib.request import urlopen

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from streamer.wire import SUBPROTOCOL
from tests.server import ROOT, RunningServer

EXIT_STATUS = {"gunicorn": 0, "uvicorn": -15, "daphne": 0}
"""After SIGTERM: uvicorn ends by the signal itself."""

CAMERA = json.dumps({"demo": {"source": "pattern:", "stay_on": True}})


def documented(name: str, port: int) -> list[str]:
    """Return the command of docs/deploy.md, on this port."""
    text = (ROOT / "docs" / "deploy.md").read_text()
    (command,) = re.findall(rf"^    \.venv/bin/({name} .*)$", text, re.MULTILINE)
    on_port = {"uvicorn": ["--port", str(port)], "daphne": ["--port", str(port)]}
    warnings = ["-W", "error", "-W", "ignore::ResourceWarning"]
    return [sys.executable, *warnings, "-m", *shlex.split(command), *on_port.get(name, [])]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def started(name: str, database: str, log_file: Path, **environ: str) -> Iterator[RunningServer]:
    """Run one of the commands; the process may not listen yet."""
    port = free_port()
    environment = os.environ | {
        "DJANGO_DEBUG": "1",  # anybody may watch
        "DJANGO_SECRET_KEY": "only-for-tests",
        "DATABASE_URL": database,
        "STREAMER_CAMERAS": CAMERA,
        "BIND": f"127.0.0.1:{port}",
        **environ,
    }
    command = documented(name, port)
    with (
        log_file.open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdout=log, stderr=log
        ) as process,
    ):
        try:
            yield RunningServer(f"http://127.0.0.1:{port}/", "", process, log_file)
        finally:
            process.terminate()
            process.wait(30)


def page(url: str) -> str:
    """Return what is at a URL, once somebody listens."""
    until = time.monotonic() + 30
    while True:
        with suppress(URLError, ConnectionError):
            return str(urlopen(url, timeout=10).read().decode())  # noqa: S310
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    url = f"sqlite:///{tmp_path_factory.mktemp('deploy') / 'db.sqlite3'}"
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(migrate, cwd=ROOT, env=os.environ | {"DATABASE_URL": url}, check=True)
    return url


@pytest.mark.parametrize("name", EXIT_STATUS)
def test_it_serves_keeps_secrets_out_of_its_log_and_stops_in_good_time(
    name: str, database: str, tmp_path: Path
) -> None:
    with started(name, database, tmp_path / "log") as server:
        assert "VideoStream" in page(server.url + "?token=planted")
        until = time.monotonic() + 10
        while '"live"' not in (streams := page(server.url + "api/streams?token=planted")):
            assert time.monotonic() < until, streams
            time.sleep(0.1)
        protocols = [Subprotocol(SUBPROTOCOL)]
        with connect(server.socket + "ws/webcam/?token=planted", subprotocols=protocols) as client:
            assert "hello" in str(client.recv(10))
        mjpeg = server.url + "streams/demo/mjpeg?key=planted"
        with urlopen(mjpeg, timeout=10) as viewer:  # noqa: S310
            pictures = 0
            while pictures < 5:
                pictures += viewer.readline().startswith(b"--")
            server.process.terminate()
            assert server.process.wait(10) == EXIT_STATUS[name]
        assert "planted" not in server.log
        if name != "uvicorn":  # which tells of each reply that it cut
            assert "Traceback" not in server.log


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGQUIT, signal.SIGTERM])
def test_gunicorn_stops_in_good_time_whatever_the_signal(
    database: str, tmp_path: Path, stop: signal.Signals
) -> None:
    with started("gunicorn", database, tmp_path / "log") as server:
        page(server.url)
        server.process.send_signal(stop)
        assert server.process.wait(8) == 0
        assert "SIGKILL" not in server.log


def test_gunicorn_shows_nothing_to_other_machines_where_anyone_may_watch(
    database: str, tmp_path: Path
) -> None:
    with started("gunicorn", database, tmp_path / "log", BIND="0.0.0.0:0") as server:
        assert server.process.wait(30) == 1
        assert "With DJANGO_DEBUG=1 anyone may watch" in server.log


def test_gunicorn_says_what_workers_do_not_share_and_why_they_cannot_start(
    database: str, tmp_path: Path
) -> None:
    environ = {"WEB_CONCURRENCY": "2", "STREAMER_CAMERAS": '{"demo": {"source": "tape:"}}'}
    with started("gunicorn", database, tmp_path / "log", **environ) as server:
        assert server.process.wait(30) == 3
        assert "2 workers, each a server of its own" in server.log
        assert "CAMERAS: demo cannot be used" in server.log
        assert "Traceback" not in server.log
