"""What is logged: an event a line, with no secrets, whoever writes it."""

import io
import json
import logging
import os
import pty
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import warnings
from base64 import b64encode
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from structlog.contextvars import bound_contextvars
from websockets.sync.client import connect

from tests import footage
from tests.server import ROOT, RunningServer
from VideoStream import logs

SECRET = "a-planted-secret-of-22-letters"  # noqa: S105
EVIL = 'x\n{"event": "forged"}\r\x1b[2J\x9b31m\u2028\u202e\udc80 session=forged [forged]'
"""What a stranger could send: line ends, terminal escapes, text turned round, half a character."""


class Terminal(io.StringIO):
    """A stream that says that people read it."""

    def isatty(self) -> bool:
        return True


def logger(stream: io.StringIO) -> logging.Logger:
    """Return a logger that writes to a stream."""
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logs.line_formatter(stream))
    logger = logging.Logger("streamer.test")
    logger.addHandler(handler)
    return logger


def logged(message: object, *args: object, **more: Any) -> dict[str, Any]:
    """Return the one line that an event makes, as JSON."""
    stream = io.StringIO()
    logger(stream).warning(message, *args, **more)
    (line,) = stream.getvalue().splitlines()
    return dict(json.loads(line))


def shown(message: object, *args: object, **more: Any) -> str:
    """Return what an event is on a terminal."""
    stream = Terminal()
    logger(stream).warning(message, *args, **more)
    return stream.getvalue()


def failure(words: str) -> Exception:
    try:
        raise OSError(words)
    except OSError as error:
        return error


def test_an_event_has_its_fields_in_order() -> None:
    before = time.time()
    with bound_contextvars(session="a1"):
        told = logged("%d frames", 3, extra={"code": 4000, "frames": 3})
    assert list(told) == ["time", "level", "logger", "event", "session", "code", "frames"]
    at = time.strftime("%Y-%m-%dT%H:%M", time.gmtime(before))
    assert told.pop("time")[: len(at)] in (at, time.strftime("%Y-%m-%dT%H:%M", time.gmtime()))
    assert told == {
        "level": "warning",
        "logger": "streamer.test",
        "event": "3 frames",
        "session": "a1",
        "code": 4000,
        "frames": 3,
    }


def test_without_a_session_there_is_no_field_for_it() -> None:
    assert "session" not in logged("it began")


def test_a_traceback_is_a_field_of_the_same_line() -> None:
    told = logged("it failed", exc_info=failure(f"no rtsp://ann:{SECRET}@host/"))
    assert told["event"] == "it failed"
    assert told["exception"].startswith("Traceback (most recent call last):\n")
    assert told["exception"].endswith("OSError: no rtsp://…@host/")


def test_nothing_that_is_logged_holds_a_secret() -> None:
    url = f"rtsp://ann:{SECRET}@host/?token={SECRET}"
    more = {"source": url, "error": OSError(url), "all": [url], "api_token": SECRET}
    for told in (
        json.dumps(logged("at %s", url, extra=more, exc_info=failure(url))),
        json.dumps(logged(OSError(url))),
        shown("at %s", url, extra=more, exc_info=failure(url)),
    ):
        assert "rtsp:" in told
        assert SECRET not in told


def test_no_line_is_broken_and_no_field_forged() -> None:
    told = logged(f"came {EVIL}", extra={"field": EVIL}, exc_info=failure(EVIL))
    assert set(told) == {"time", "level", "logger", "event", "field", "exception"}
    for name in ("event", "field", "exception"):
        assert told[name].replace("\n", "").isprintable(), name
    assert told["field"].startswith(
        'x\n{"event": "forged"}\\r\\x1b[2J\\x9b31m\\u2028\\u202e\\udc80'
    )


def test_a_terminal_obeys_nothing_that_somebody_sent() -> None:
    told = shown(f"came {EVIL}", extra={"field": EVIL}, exc_info=failure(EVIL))
    first, *rest = told.splitlines()
    for code in ("\x1b[2J", "\x9b", "\r", "\u202e"):
        assert code not in told
    assert "'came x" in first, "what could hold a field is quoted"
    assert rest[0].strip().startswith("Traceback")
    for line in rest[1:]:
        assert line.startswith("    "), "where an event begins nothing else may"


def test_a_terminal_shows_a_plain_event_plainly() -> None:
    assert "camera demo: it is away" in shown("camera demo: it is away")


@pytest.mark.parametrize(
    ("value", "told"),
    [
        (True, True),
        (None, None),
        (0.5, 0.5),
        (np.int64(7), 7),
        (np.float32(0.5), 0.5),
        (10**5000, "an integer of 16610 bits"),
        (float("nan"), "nan"),
        (ROOT / "x", str(ROOT / "x")),
        (b"secret", "6 bytes"),
        (np.zeros((48, 64, 3), np.uint8), "9216 bytes"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_field_is_plain(value: object, told: object) -> None:
    assert logged("x", extra={"field": value})["field"] == told


def test_long_texts_are_cut() -> None:
    words = "word " * 10_000
    told = logged(words, extra={"field": words}, exc_info=failure(words))
    for name in ("event", "field"):
        assert len(told[name]) == logs.MAX_CHARACTERS + 1
    assert (
        len(told["exception"]) < 2 * logs.MAX_CHARACTERS + 1000
    )  # what is before the cut, and after
    deep = logged("deep", exc_info=failure("line\n" * 20_000))["exception"]
    assert deep.startswith("Traceback")
    assert len(deep) < logs.MAX_TRACEBACK + 10


def test_no_frame_gets_in() -> None:
    jpeg = footage.jpeg()
    picture = b64encode(jpeg).decode()
    for each in (picture, repr(jpeg), jpeg, jpeg[:60], picture[:300]):
        told = logged("came %s", each, extra={"frame": each}, exc_info=failure(f"not {each!s}"))
        assert len(json.dumps(told)) < 900
        assert picture[:50] not in str(told)
        assert repr(jpeg[:20])[2:-1] not in str(told)


@pytest.fixture
def configured() -> Iterator[io.StringIO]:
    """Set logging up with another stream for stderr, and back."""
    stream = io.StringIO()
    hooks = threading.excepthook, sys.unraisablehook
    root, of_server = logging.getLogger(), logging.getLogger("uvicorn")
    before = root.handlers[:], root.level, of_server.handlers[:]
    of_server.handlers = [logging.StreamHandler(stream)]
    logging.captureWarnings(False)  # it heeds only the first wish
    try:
        logs.configure(
            {
                "version": 1,
                "disable_existing_loggers": False,
                "formatters": {"line": {"()": "VideoStream.logs.stderr_formatter"}},
                "handlers": {
                    "x": {"class": "logging.StreamHandler", "formatter": "line", "stream": stream}
                },
                "root": {"handlers": ["x"]},
            }
        )
        yield stream
    finally:
        threading.excepthook, sys.unraisablehook = hooks
        root.handlers, root.level, of_server.handlers = before


def test_what_nobody_caught_and_warnings_are_logged_too(configured: io.StringIO) -> None:
    class Broken:
        def __del__(self) -> None:
            raise OSError(f"no rtsp://ann:{SECRET}@host/ in the end")

    def fail() -> None:
        raise OSError(f"no rtsp://ann:{SECRET}@host/ in a thread")

    thread = threading.Thread(target=fail, name="worker")
    thread.start()
    thread.join()
    Broken()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("it is old", stacklevel=1)
    logging.getLogger("uvicorn").warning("it began")
    lines = [json.loads(line) for line in configured.getvalue().splitlines()]
    loggers = ["VideoStream.logs", "VideoStream.logs", "py.warnings", "uvicorn", "uvicorn"]
    assert [line["logger"] for line in lines] == loggers
    assert lines[0]["thread_name"] == "worker"
    assert "no rtsp://…@host/ in a thread" in lines[0]["exception"]
    assert "no rtsp://…@host/ in the end" in lines[1]["exception"]
    assert "it is old" in lines[2]["event"]
    assert SECRET not in configured.getvalue()


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
    lines = log.read_text().splitlines()
    assert SECRET not in log.read_text()
    (of_request, *_) = [line for line in lines if "/video_feed" in line]
    assert json.loads(of_request)["level"] in ("info", "warning")
    events = [line for line in lines if not line.startswith(("[", "INFO: Created TensorFlow"))]
    assert all(json.loads(line)["logger"] for line in events), "[: gunicorn without our settings"


def test_each_line_of_a_running_server_is_an_event(server: RunningServer) -> None:
    path = "x%0a%7b%22event%22:1%7d%1b[2J"
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{server.url}{path}")  # noqa: S310
    # LiteRT writes one of its own, which no setting switches off.
    lines = [line for line in server.log.splitlines() if not line.startswith("INFO: Created")]
    events = [json.loads(line) for line in lines]
    (told,) = [each for each in events if each["event"].startswith("Not Found: /x")]
    assert (told["level"], told["logger"], told["status_code"]) == (
        "warning",
        "django.request",
        404,
    )
    assert "\x1b" not in server.log


def test_on_a_terminal_it_reads_well() -> None:
    """A pseudo-terminal is what a terminal is to the process."""
    ours, theirs = pty.openpty()
    code = "import django, logging; django.setup(); logging.getLogger('streamer').info('it began')"
    environ = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"}
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environ, stderr=theirs, check=True)
    os.close(theirs)
    told = os.read(ours, 10_000).decode()
    os.close(ours)
    assert "it began" in told
    assert "{" not in told
