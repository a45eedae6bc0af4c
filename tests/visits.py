"""Visitors of a real server: what each has that may let them in."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from urllib.parse import urlencode

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from streamer.links import Link
from streamer.wire import SUBPROTOCOL
from tests.server import ROOT, RunningServer
from tests.settings import OWNER_TOKEN

SITE = {"DJANGO_SETTINGS_MODULE": "VideoStream.settings"}
"""The product's own settings, whose database is a file that several processes share."""

NAME, PASSWORD = "ann", "correct-horse-battery"


@dataclass
class Answer:
    """What the server answers: the status, the headers by lower-case name, and the body if it is
    not endless."""

    status: int
    headers: dict[str, str]
    body: str

    @property
    def location(self) -> str:
        return self.headers.get("location", "")


@dataclass
class Visit:
    """Somebody who visits a server, with what they have."""

    server: RunningServer
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    is_browser: bool = True

    def ask(self, path: str, method: str = "GET", body: str = "", **headers: str) -> Answer:
        """Ask for a path and keep the cookies that come; redirects are not followed."""
        client = HTTPConnection("127.0.0.1", self.server.port, timeout=20)
        sent = {**self.headers, **headers}
        if self.cookies:
            sent["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            client.request(method, self._with_query(path), body or None, sent)
            answer = client.getresponse()
            got = {name.lower(): value for name, value in answer.getheaders()}
            for each in answer.headers.get_all("Set-Cookie", []):
                self.cookies |= {name: cookie.value for name, cookie in SimpleCookie(each).items()}
            endless = "multipart" in got.get("content-type", "")
            text = "" if endless else answer.read().decode("latin-1")
            return Answer(answer.status, got, text)
        finally:
            client.close()

    def watch(self, stream: str) -> dict[str, object]:
        """Return the first answer to a wish to watch a stream."""
        origin = Origin(self.server.url.rstrip("/")) if self.is_browser else None
        headers = dict(self.headers)
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        url = self.server.socket.rstrip("/") + self._with_query("/ws/watch/")
        protocols = [Subprotocol(SUBPROTOCOL)]
        with connect(
            url, origin=origin, subprotocols=protocols, additional_headers=headers
        ) as socket:
            with suppress(ConnectionClosed):  # who may watch nothing is told so at once
                socket.send(json.dumps({"type": "watch", "stream": stream, "width": 320}))
            answer: dict[str, object] = json.loads(socket.recv(20))
            return answer

    def post_json(self, path: str, value: object) -> Answer:
        """Post as a page does, with the CSRF token that the site gave."""
        Visit(self.server, cookies=self.cookies).ask("/login/")
        headers = {"Content-Type": "application/json", "X-CSRFToken": self.cookies["csrftoken"]}
        return self.ask(path, "POST", json.dumps(value), **headers)

    def submit(self, path: str, **fields: str) -> Answer:
        """Open the log-in page, and post a form as it does."""
        page = self.ask("/login/").body
        hidden = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert hidden, page
        form = urlencode({"csrfmiddlewaretoken": hidden[1], **fields})
        kind = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.ask(path, "POST", form, **kind)

    def _with_query(self, path: str) -> str:
        return f"{path}?{urlencode(self.query)}" if self.query else path


def make_log_in(server: RunningServer) -> None:
    """Make a user as somebody does who runs a server."""
    folder = server.log_file.parent
    environ = {
        **os.environ,
        **SITE,
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        "DJANGO_SUPERUSER_PASSWORD": PASSWORD,
    }
    command = [sys.executable, "-W", "error", "manage.py", "createsuperuser", "--noinput"]
    subprocess.run(
        [*command, "--username", NAME, "--email", "ann@cam.example"],
        cwd=ROOT, env=environ, check=True, capture_output=True,
    )  # fmt: skip


def log_in(visit: Visit, password: str = PASSWORD) -> Answer:
    """Return the answer to a log-in."""
    return visit.submit("/login/", username=NAME, password=password, next="/streams/")


def logged_in(server: RunningServer) -> Visit:
    visit = Visit(server)
    answer = log_in(visit)
    assert (answer.status, answer.location) == (302, "/streams/")
    return visit


def logged_out(server: RunningServer) -> Visit:
    visit = logged_in(server)
    before = dict(visit.cookies)
    assert visit.submit("/logout/").status == 302
    return Visit(server, cookies=before)  # a browser would forget the session; who copied it not


def owner_by_session(server: RunningServer) -> Visit:
    visit = Visit(server)
    answer = visit.ask(f"/streams/?{urlencode({'token': OWNER_TOKEN})}")
    assert (answer.status, answer.location) == (302, "/streams/")
    return visit


def key(stream: str, hours: float) -> dict[str, str]:
    return {"key": Link(stream, datetime.now(UTC) + timedelta(hours=hours)).key}


def program_with_session(server: RunningServer) -> Visit:
    return Visit(server, cookies=logged_in(server).cookies, is_browser=False)


VISITORS: dict[str, Callable[[RunningServer], Visit]] = {
    "stranger": Visit,
    "logged-in": logged_in,
    "logged-out": logged_out,
    "owner": owner_by_session,
    "token": lambda server: Visit(server, {"token": OWNER_TOKEN}, is_browser=False),
    "bearer": lambda server: Visit(server, headers={"Authorization": f"Bearer {OWNER_TOKEN}"}),
    "wrong-token": lambda server: Visit(server, {"token": "x" * len(OWNER_TOKEN)}),
    "wrong-bearer": lambda server: Visit(server, headers={"Authorization": "Bearer x"}),
    "link": lambda server: Visit(server, key("demo", 1)),
    "other-link": lambda server: Visit(server, key("porch", 1)),
    "expired-link": lambda server: Visit(server, key("demo", -1)),
    "tampered": lambda server: Visit(server, {"key": key("demo", 1)["key"][:-1] + "!"}),
    "program": program_with_session,
}
