"""Secrets that are planted wherever they may come, and searched for wherever something is told."""

from __future__ import annotations

import base64
import json
import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from html import escape
from http.client import HTTPConnection
from pathlib import Path
from urllib.parse import quote, quote_plus, unquote, urlencode

import psutil
import pytest
from django.core.signing import Signer
from django.utils.encoding import escape_uri_path
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from streamer.links import SIGNER
from streamer.redaction import CREDENTIALS
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import ROOT, RunningServer, serve
from tests.test_deploy import page, started
from tests.visits import NAME, Visit

QUOTED = "@+%"
"""What has to be quoted in a URL."""

SHOWN = 16
"""A part of a secret of so many characters counts as all of it."""


def planted(kind: str, end: str = "") -> str:
    """Return a secret, whose end may have to be quoted."""
    return f"{kind}{secrets.token_hex(16)}{end}"


@dataclass
class Secrets:
    """What nobody is to be told, by its name."""

    camera: str = field(default_factory=partial(planted, "camera", QUOTED))
    variable: str = field(default_factory=partial(planted, "variable", QUOTED))
    owner: str = field(default_factory=partial(planted, "owner"))
    metrics: str = field(default_factory=partial(planted, "metrics"))
    key: str = field(default_factory=partial(planted, "key"))
    password: str = field(default_factory=partial(planted, "password", QUOTED))
    link: str = ""
    sessions: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Sign a link with the key, as the server does."""
        until = int((datetime.now(UTC) + timedelta(hours=1)).timestamp())
        self.link = Signer(key=self.key, salt=SIGNER).sign_object(["yard", until])

    @property
    def environ(self) -> dict[str, str]:
        """Return the settings of the site that has them."""
        cameras = {
            "porch": f"rtsp://ann:{quote(self.camera)}@127.0.0.1:9/live",
            "yard": "pattern:",
            "gate": {"source": "http://ann:${CAMERA_VARIABLE}@127.0.0.1:9/", "stay_on": True},
            "barn": {"source": "pattern:", "detectors": ["broken"], "stay_on": True},
        }
        return {
            "DJANGO_SETTINGS_MODULE": "tests.broken",
            "DJANGO_SECRET_KEY": self.key,
            "DJANGO_OWNER_TOKEN": self.owner,
            "STREAMER_METRICS_TOKEN": self.metrics,
            "STREAMER_CAMERAS": json.dumps(cameras),
            "STREAMER_HANDSHAKES_PER_MINUTE": "1000",
            "STREAMER_LOGINS_PER_MINUTE": "1000",
            "CAMERA_PASSWORD": quote(self.camera),
            "CAMERA_VARIABLE": quote(self.variable),
        }

    def named(self) -> Iterator[tuple[str, str]]:
        """Yield each secret's name and value."""
        for name in ("camera", "variable", "owner", "metrics", "key", "password", "link"):
            yield name, getattr(self, name)
        for session in self.sessions:
            yield "session", session

    def found(self, text: str) -> set[str]:
        """Return the names of those that a text holds, in any form."""
        return {name for name, value in self.named() if any(form in text for form in forms(value))}

    def troubles(self, text: str, asked: str = "") -> Iterator[str]:
        """Yield what is wrong with what was told, and to whom."""
        for name, value in self.named():
            for form in forms(value):
                if (at := text.find(form)) >= 0:
                    yield f"{name} in {text[max(0, at - 100) : at + 50]!r} for {asked!r}"


def forms(value: str) -> set[str]:
    """Return a secret as it is, and as what it may be written: what is there in any case."""
    part = value[-SHOWN:]
    coded = {part, quote(part, safe=""), quote_plus(part), part.encode().hex()}
    for shift in range(3):  # base 64 has three forms, by what stands before
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            text = encode(b"\0" * shift + part.encode()).decode().rstrip("=")
            coded.add(text[shift and shift + 1 : -2])
    return coded


def test_a_secret_is_found_in_all_its_forms() -> None:
    known = Secrets()
    for before in ("", "a", "ab", "abc"):
        told = base64.b64encode(f"{before}{known.camera}".encode()).decode()
        assert known.found(told) == {"camera"}
    assert known.found(f"?next={quote(known.link)}") == {"link"}
    assert known.found(known.key) == {"key"}
    assert known.found(known.key[:-1]) == set()


@contextmanager
def on_gunicorn(folder: Path, **environ: str) -> Iterator[RunningServer]:
    """Run a site under gunicorn, with a database of its own."""
    database = f"sqlite:///{folder / 'db.sqlite3'}"
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    settings = os.environ | environ | {"DATABASE_URL": database}
    subprocess.run(command, cwd=ROOT, env=settings, check=True)
    with started("gunicorn", database, folder / "stderr", DJANGO_DEBUG="0", **environ) as server:
        page(server.url)
        yield server


SITES: dict[str, Callable[..., AbstractContextManager[RunningServer]]] = {
    "daphne": lambda folder, **environ: serve(folder, "--server", "daphne", **environ),
    "uvicorn": lambda folder, **environ: serve(folder, "--server", "uvicorn", **environ),
    "gunicorn": on_gunicorn,
    "debug": lambda folder, **environ: serve(folder, DJANGO_DEBUG="1", **environ),
}


DEBUG_404 = '<!DOCTYPE html>\n<html lang="en">\n<head>\n  <meta http-equiv="content-type"'


def _without(messages: Sequence[str | bytes], text: str) -> str:
    """Return a text without the words of those who are told: an error says what came."""
    for message in messages:
        if isinstance(message, str):
            for word in json.loads(message).values():
                text = text.replace(str(word), "")
    return text


@dataclass
class Told:
    """What a server has told, and to which question."""

    server: RunningServer
    answers: list[tuple[str, str]] = field(default_factory=list)

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> None:
        """Note the answer to a request: all but the cookies that it sets, and the way back after a
        log-in."""
        client = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            client.request(method, path, body or None, names)
            answer = client.getresponse()
            head = [
                f"{name}: {value}"
                for name, value in answer.getheaders()
                if name.lower() not in self.leads_back(path)
            ]
            endless = "multipart" in answer.headers.get("Content-Type", "")
            text = "" if endless else answer.read().decode("latin-1")
            if text.startswith(DEBUG_404):  # names what was asked for, to who has asked
                asked = unquote(path)
                for form in (path, asked, asked.strip("/"), escape_uri_path(asked)):
                    text = text.replace(escape(form), "")
            self.answers.append((f"{method} {path} {names} {body}", "\n".join([*head, text])))
        finally:
            client.close()

    @staticmethod
    def leads_back(path: str) -> set[str]:
        """Return the headers that say to who has asked what they have brought."""
        credentials = any(f"?{name}=" in path for name in CREDENTIALS)
        return {"set-cookie"} if credentials else {"set-cookie", "location"}

    def speak(self, path: str, *messages: str | bytes, **headers: str) -> None:
        """Note what a WebSocket answers, and why it closes."""
        url = self.server.socket.rstrip("/") + path
        came: list[str] = []
        origin = Origin(self.server.url.rstrip("/"))
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            with connect(
                url,
                origin=origin,
                subprotocols=[Subprotocol(SUBPROTOCOL)],
                additional_headers=names,
            ) as socket:
                for message in messages:
                    socket.send(message)
                with suppress(TimeoutError):
                    while True:
                        text = socket.recv(0.1)
                        came.append(text if isinstance(text, str) else text.decode("latin-1"))
        except InvalidStatus as error:
            came.append((error.response.body or b"").decode())
        except WebSocketException as error:
            came.append(str(error))
        self.answers.append((f"{path} {headers} {messages!r}", _without(messages, "\n".join(came))))


def plant(told: Told, known: Secrets) -> None:
    """Send each secret in every way, at what answers and at what fails."""
    for name, secret in list(known.named()):
        plant_where_it_may_come(told, secret)
        if name not in ("password", "session"):  # nobody knows what those look like
            plant_elsewhere(told, known, secret)


def plant_where_it_may_come(told: Told, secret: str) -> None:
    quoted = quote(secret, safe="")
    basic = base64.b64encode(f"ann:{secret}".encode()).decode()
    for path in ("/broken/", "/streams/", "/streams/porch/mjpeg", "/api/streams", "/nowhere/"):
        told.ask(f"{path}?token={quoted}")
        told.ask(f"{path}?key={quoted}")
    told.ask("/broken/", Authorization=f"Bearer {secret}")
    told.ask("/broken/", Authorization=f"Basic {basic}", Cookie=f"sessionid={secret}")
    told.ask("/broken/", Referer=f"http://localhost/?key={quoted}", X_Api_Key=secret)
    for path in ("/login/", "/broken/"):
        told.ask(path, "POST", urlencode({"password": secret}), Content_Type=FORM)
    for path in ("/ws/webcam/", "/ws/watch/"):
        told.speak(f"{path}?token={quoted}", json.dumps({"type": secret}))
        told.speak(f"{path}?key={quoted}&quality={quoted}", Cookie=f"sessionid={secret}")


def plant_elsewhere(told: Told, known: Secrets, secret: str) -> None:
    quoted = quote(secret, safe="")
    for path in ("/broken/", "/streams/", "/streams/porch/mjpeg", "/api/streams", "/nowhere/"):
        told.ask(f"{path}?width={quoted}")
        told.ask(f"{path}?a=b&next={quoted}")
    for path in (f"/{quoted}/", f"/streams/{quoted}/mjpeg", f"/static/{quoted}"):
        told.ask(path)
    told.ask("/", Host=f"{quoted}.example")
    bearer = {"Authorization": f"Bearer {known.owner}", "Content_Type": "application/json"}
    told.ask("/api/streams/porch/links", "POST", json.dumps({"hours": secret}), **bearer)
    told.ask("/api/streams/porch/links", "POST", f'{{"hours": {secret}', **bearer)
    told.ask(f"/api/streams/{quoted}/links", "POST", json.dumps({"hours": 1}), **bearer)
    told.speak(f"/ws/{quoted}/")


FORM = "application/x-www-form-urlencoded"
PATHS = [
    "/",
    "/login/",
    "/streams/",
    "/streams/porch/",
    *(f"/streams/{name}/snapshot.jpg" for name in ("porch", "gate", "barn")),
    "/video_feed",
    "/api/streams",
    "/api/openapi.json",
    "/healthz",
    "/metrics",
    "/broken/",
    "/nowhere/",
]


def provoke(told: Told, known: Secrets) -> None:
    """Have all fail that can, for who may see everything."""
    bearer = {"Authorization": f"Bearer {known.owner}"}
    for path in PATHS:
        told.ask(path, **bearer)
        told.ask(f"{path}?{urlencode({'token': known.owner, 'key': known.link})}")
    told.ask("/metrics", Authorization=f"Bearer {known.metrics}")
    watch = [json.dumps({"type": "watch", "stream": name}) for name in ("porch", "gate", "barn")]
    told.speak(f"/ws/watch/?token={known.owner}", *watch)
    settings = json.dumps(
        {"type": "settings", "detectors": ["motion", "broken"], "reply": "results"}
    )
    frames = [seq.to_bytes(4, "little") + footage.jpeg() for seq in (1, 2)]
    told.speak("/ws/webcam/", settings, *frames)


def log_in(told: Told, known: Secrets) -> None:
    """Log in as somebody with a password, and as the owner; note what their sessions are called."""
    folder = told.server.log_file.parent
    environ = {
        **os.environ, **known.environ,
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "DJANGO_SUPERUSER_PASSWORD": known.password,
    }  # fmt: skip
    command = [sys.executable, "manage.py", "createsuperuser", "--noinput", "--username", NAME]
    subprocess.run(
        [*command, "--email", "ann@cam.example"],
        cwd=ROOT,
        env=environ,
        check=True,
        capture_output=True,
    )
    ann, owner = Visit(told.server), Visit(told.server)
    answer = ann.submit("/login/", username=NAME, password=known.password)
    assert answer.status == 302, answer
    assert owner.ask(f"/streams/?{urlencode({'token': known.owner})}").status == 302
    for visit in (ann, owner):
        session = visit.cookies["sessionid"]
        known.sessions.append(session)
        for path in ("/", "/streams/", "/broken/", "/api/streams", "/healthz", "/metrics"):
            told.ask(path, Cookie=f"sessionid={session}")
        told.speak("/ws/watch/", json.dumps({"type": "watch"}), Cookie=f"sessionid={session}")
    # No table, no session: what fails then has the session in its query.
    with closing(sqlite3.connect(folder / "db.sqlite3")) as database:
        database.execute("ALTER TABLE django_session RENAME TO aside")
        database.commit()
    told.ask("/streams/", Cookie=f"sessionid={known.sessions[0]}")
    told.speak("/ws/watch/", Cookie=f"sessionid={known.sessions[0]}")


@pytest.mark.parametrize("site", SITES)
def test_nothing_that_is_told_holds_a_secret(tmp_path: Path, site: str) -> None:
    known = Secrets()
    with SITES[site](tmp_path, **known.environ) as server:
        told = Told(server)
        provoke(told, known)
        plant(told, known)
        log_in(told, known)
        processes = [psutil.Process(server.process.pid)]
        processes += processes[0].children(recursive=True)
        titles = " ".join(part for each in processes for part in each.cmdline())
    assert not known.found(titles)
    bad = [trouble for asked, text in told.answers for trouble in known.troubles(text, asked)]
    assert not bad, f"{len(bad)} answers, such as {bad[:5]}"
    bad = [trouble for line in server.log.splitlines() for trouble in known.troubles(line)]
    assert not bad, f"{len(bad)} lines of the log, such as {bad[:5]}"
    assert "OSError: cannot open rtsp://…@127.0.0.1:9/live" in server.log
