"""Visitors of a site that is behind nginx and TLS."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests import nginx
from tests.nginx import Front, free_ports, in_front_of
from tests.server import RunningServer, serve
from tests.watching import OWNER, Answer

CAMERAS = {
    "demo": {"source": "pattern:", "stay_on": True},
    "slow": {"source": "pattern:", "fps": 5, "stay_on": True},
    "dead": "rtsp://127.0.0.1:9/",
}

OF_SITE = {
    "STREAMER_CAMERAS": json.dumps(CAMERAS),
    "STREAMER_MAX_SESSIONS_PER_ADDRESS": "2",
    "STREAMER_STALL_TIMEOUT": "2",
}


@dataclass
class Site:
    """A server and the nginx in front of it."""

    front: Front
    server: RunningServer

    def viewers(self, name: str) -> int:
        """Return how many watch a camera."""
        streams = self.front.ask(f"/api/streams?{OWNER}").json["streams"]
        return next(int(each["viewers"]) for each in streams if each["name"] == name)


@contextmanager
def deployed(folder: Path, server_name: str) -> Iterator[Site]:
    """Run a server as docs/deploy.md says, and nginx in front of it."""
    (port,) = free_ports(1)
    environ = nginx.ENVIRON | OF_SITE
    with (
        serve(folder, "--server", server_name, "--port", str(port), **environ) as server,
        in_front_of(port, folder) as front,
    ):
        yield Site(front, server)


@dataclass
class Browser:
    """Somebody's browser: their cookies, and the Origin that a page of the site has."""

    front: Front
    cookies: dict[str, str] = field(default_factory=dict)

    @property
    def cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())

    def ask(self, path: str, method: str = "GET", body: str | None = None, **more: str) -> Answer:
        """Ask for a path and keep the cookies that come, which are for HTTPS alone."""
        answer = self.front.ask(path, method, body, Cookie=self.cookie, **more)
        for name, value in re.findall(r"(\w+)=([^;,]+);", answer.headers.get("set-cookie", "")):
            if name in ("sessionid", "csrftoken"):
                self.cookies[name] = value
        return answer

    def submit(self, path: str, origin: str, **fields: str) -> Answer:
        """Open the log-in page, and post a form as it does."""
        page = self.ask("/login/").words
        hidden = re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)
        assert hidden, page
        form = urlencode({"csrfmiddlewaretoken": hidden[1], **fields})
        kind = "application/x-www-form-urlencoded"
        more = {"Origin": origin, "Referer": f"{origin}/login/", "Content_Type": kind}
        return self.ask(path, "POST", form, **more)


def dialled(
    front: Front, path: str, protocol: str | None = None, source: str = "127.0.0.1", **headers: str
) -> ClientConnection:
    """Return a WebSocket of a page of the site, from an address of this machine."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    socket: ClientConnection = connect(
        front.socket + path,
        subprotocols=[Subprotocol(protocol)] if protocol else None,
        additional_headers={"Origin": front.origin} | named,
        max_size=None,
        **front.dial(source),
    )
    return socket
