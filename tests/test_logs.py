"""What is logged holds no secrets, whoever writes it."""

import logging
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from websockets.sync.client import connect

from tests.server import ROOT
from VideoStream.logs import OF_SERVERS, REDACTING

SECRET = "a-planted-secret-of-22-letters"  # noqa: S105


def record(message: object, *args: object) -> logging.LogRecord:
    return logging.LogRecord("uvicorn.access", logging.INFO, "", 0, message, args, None)


def test_a_request_keeps_its_form_and_loses_its_secret() -> None:
    line = record('%s - "%s %s" %d', "127.0.0.1:5", "GET", f"/?a=1&token={SECRET}", 200)
    assert REDACTING.filter(line)
    assert line.args == ("127.0.0.1:5", "GET", "/?a=1&token=…", 200)
    assert line.getMessage() == '127.0.0.1:5 - "GET /?a=1&token=…" 200'


def test_what_is_no_text_is_cut_too() -> None:
    line = record(OSError(f"no rtsp://ann:{SECRET}@host/"))
    assert REDACTING.filter(line)
    assert line.getMessage() == "no rtsp://…@host/"
    other = record("%s", OSError(f"no rtsp://ann:{SECRET}@host/"))
    assert REDACTING.filter(other)
    assert other.getMessage() == "no rtsp://…@host/"


def test_a_traceback_is_cut_for_any_formatter() -> None:
    try:
        raise OSError(f"no rtsp://ann:{SECRET}@host/")
    except OSError:
        line = record("failed")
        line.exc_info = sys.exc_info()
    assert REDACTING.filter(line)
    told = logging.Formatter().format(line)
    assert "no rtsp://…@host/" in told
    assert SECRET not in told


def test_the_loggers_of_servers_have_it() -> None:
    for name in OF_SERVERS:
        assert REDACTING in logging.getLogger(name).filters


def wait_for(process: subprocess.Popen[bytes], log: Path, port: int) -> None:
    """Wait until a server takes connections."""
    while True:
        assert process.poll() is None, log.read_text()
        try:
            return socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            time.sleep(0.1)


@pytest.mark.parametrize(
    "command",
    [
        ["uvicorn", "--port", "{port}"],
        ["daphne", "--port", "{port}", "-v", "0"],
        ["gunicorn", "-k", "uvicorn_worker.UvicornWorker", "--access-logfile", "-", "--bind",
         "127.0.0.1:{port}", "--no-control-socket"],
    ],
    ids=lambda command: command[0],
)  # fmt: skip
def test_other_servers_log_no_queries_that_are_secret(tmp_path: Path, command: list[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    environ = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "VideoStream.settings",
        "DATABASE_URL": f"sqlite:///{tmp_path / 'db.sqlite3'}",
        "DJANGO_OWNER_TOKEN": SECRET,
    }
    filled = [part.format(port=port) for part in command]
    log = tmp_path / "log"
    with (
        log.open("w") as out,
        subprocess.Popen(
            [sys.executable, "-m", *filled, "VideoStream.asgi:application"],
            cwd=ROOT, env=environ, stdout=out, stderr=out,
        ) as process,
    ):  # fmt: skip
        try:
            address = f"127.0.0.1:{port}/"
            wait_for(process, log, port)
            with pytest.raises(urllib.error.HTTPError, match="401"):
                urllib.request.urlopen(f"http://{address}video_feed?key={SECRET}")
            with connect(f"ws://{address}ws/watch/?token={SECRET}"):
                pass
        finally:
            process.terminate()
    assert "/video_feed" in log.read_text()
    assert SECRET not in log.read_text()
