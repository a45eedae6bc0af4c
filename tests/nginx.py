"""A real nginx with TLS, told by deploy/nginx.conf, in front of a server."""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from http.client import HTTPResponse, HTTPSConnection
from pathlib import Path
from typing import Any

import pytest

from tests import certificate
from tests.server import ROOT
from tests.watching import SECONDS, Answer

NAME = "cam.example.org"
"""The host of the site, which the file has too; nobody looks it up."""

ENVIRON = {
    "DJANGO_ALLOWED_HOSTS": NAME,
    "DJANGO_CSRF_TRUSTED_ORIGINS": f"https://{NAME}",
    "STREAMER_TRUSTED_PROXIES": "1",
}
"""What docs/deploy.md says that a server behind it is told."""

MAIN = """
{user}
daemon off;
pid {folder}/pid;
error_log {folder}/other-errors.log;
worker_processes 1;
events {{ worker_connections 2048; }}
http {{
    # As Debian has them, for the site to differ where it has to.
    access_log {folder}/others.log;
    ssl_protocols TLSv1 TLSv1.1 TLSv1.2 TLSv1.3;
    sendfile on;
    tcp_nopush on;
    gzip on;
    client_body_temp_path {folder}/temporary;
    proxy_temp_path {folder}/temporary;
    fastcgi_temp_path {folder}/temporary;
    uwsgi_temp_path {folder}/temporary;
    scgi_temp_path {folder}/temporary;
    include {folder}/site.conf;
}}
"""
"""The file around the site: /etc/nginx/nginx.conf elsewhere."""

Changes = dict[str, str]
"""What is put in the place of what in the file: of the names of files, of ports and times."""


@dataclass
class Front:
    """An nginx that listens: its ports for HTTPS and HTTP, its files, its process, and what a
    client that trusts its certificate encrypts by."""

    port: int
    http_port: int
    folder: Path
    process: subprocess.Popen[bytes]
    tls: ssl.SSLContext

    @property
    def host(self) -> str:
        return f"{NAME}:{self.port}"

    @property
    def url(self) -> str:
        return f"https://{self.host}/"

    @property
    def socket(self) -> str:
        return f"wss://{self.host}/"

    @property
    def origin(self) -> str:
        return f"https://{self.host}"

    @property
    def access_log(self) -> str:
        return (self.folder / "videostream.access.log").read_text()

    @property
    def logs(self) -> str:
        """Return all that nginx wrote."""
        return "".join(file.read_text() for file in sorted(self.folder.glob("*.log")))

    def connect(self, source: str = "127.0.0.1") -> ssl.SSLSocket:
        """Return a new connection, from an address of this machine: all of 127.0.0.0/8 are."""
        return self.tls.wrap_socket(plain(self.port, source), server_hostname=NAME)

    def request(self, path: str) -> bytes:
        """Return what a client sends that asks for a path."""
        return f"GET {path} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()

    @contextmanager
    def opened(
        self, path: str, method: str = "GET", body: str | None = None, **headers: str
    ) -> Iterator[HTTPResponse]:
        """Send a request, and yield its reply while it goes on. In the names of headers an
        underscore is a dash."""
        client = _Client(self)
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        try:
            client.request(method, path, body, named)
            yield client.getresponse()
        finally:
            client.close()

    def ask(self, path: str, method: str = "GET", body: str | None = None, **more: str) -> Answer:
        """Return the whole answer to a request; a header that came twice has both values."""
        with self.opened(path, method, body, **more) as reply:
            headers: dict[str, str] = {}
            for name, value in reply.getheaders():
                before = f"{headers[name.lower()]}, " if name.lower() in headers else ""
                headers[name.lower()] = before + value
            return Answer(reply.status, headers, reply.read())

    def dial(self, source: str = "127.0.0.1") -> dict[str, Any]:
        """Return what `websockets` needs to connect to `socket`."""
        return {"sock": plain(self.port, source), "ssl": self.tls}


class _Client(HTTPSConnection):
    """A client that looks no name up."""

    def __init__(self, front: Front) -> None:
        super().__init__(NAME, front.port)
        self._front = front

    def connect(self) -> None:
        self.sock = self._front.connect()


def plain(port: int, source: str = "127.0.0.1") -> socket.socket:
    """Return a new connection without TLS to a port of this machine."""
    return socket.create_connection(("127.0.0.1", port), SECONDS, (source, 0))


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens on."""
    with ExitStack() as held:
        probes = [held.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]


@contextmanager
def in_front_of(port: int, folder: Path, changes: Changes | None = None) -> Iterator[Front]:
    """Run nginx in front of a port of this machine, with its files in a folder."""
    https, http = configure(port, folder, changes)
    tls = ssl.create_default_context(cafile=folder / f"{NAME}.pem")
    with subprocess.Popen(command(folder)) as process:
        try:
            _wait_until_it_listens(https, process)
            yield Front(https, http, folder, process, tls)
        finally:
            process.terminate()
            process.wait(SECONDS)


def command(folder: Path, *arguments: str) -> list[str]:
    """Return how nginx is called with the files of a folder."""
    log = str(folder / "other-errors.log")
    return [executable(), "-p", str(folder), "-e", log, "-c", "main.conf", *arguments]


def configure(port: int, folder: Path, changes: Changes | None = None) -> tuple[int, int]:
    """Write nginx's files, and return its ports for HTTPS and HTTP."""
    https, http, *others = free_ports(4)
    pem = certificate.write(folder, NAME)
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for before, after in {
        "server 127.0.0.1:8000;": f"server 127.0.0.1:{port};",
        "listen 80;": f"listen 127.0.0.1:{http};",
        "listen 443 ": f"listen 127.0.0.1:{https} ",
        "listen [::]:80;": f"listen 127.0.0.1:{others[0]};",  # not every machine has IPv6
        "listen [::]:443 ": f"listen 127.0.0.1:{others[1]} ",
        "https://$host$": f"https://$host:{https}$",
        f"/etc/letsencrypt/live/{NAME}/fullchain.pem": str(pem),
        f"/etc/letsencrypt/live/{NAME}/privkey.pem": str(pem),
        "/var/log/nginx/": f"{folder}/",
        **(changes or {}),
    }.items():
        assert before in text, f"deploy/nginx.conf has no {before}"
        text = text.replace(before, after)
    (folder / "site.conf").write_text(text)
    as_root = os.geteuid() == 0
    user = "user root root;" if as_root else ""  # by itself it would be one who may not write here
    (folder / "main.conf").write_text(MAIN.format(folder=folder, user=user))
    return https, http


def executable() -> str:
    """Return where nginx is. Without it the test skips, or fails if it has to be there."""
    if path := shutil.which(
        "nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin"
    ):
        return path
    how = "Tests of what stands in front need nginx. On Debian: sudo apt-get install nginx-light"
    if os.environ.get("REQUIRE_NGINX") == "1":
        pytest.fail(how)
    pytest.skip(how)


def _wait_until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    until = time.monotonic() + SECONDS
    while True:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        assert process.poll() is None, "nginx did not start"
        assert time.monotonic() < until, "nginx does not listen"
        time.sleep(0.02)


def limit(name: str) -> int:
    """Return a number of the file: what stands behind a name."""
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    (found,) = re.findall(rf"{re.escape(name)}(\d+)", text)
    return int(found)
