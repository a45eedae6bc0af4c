"""The headers of every answer, and cookies, on each real server."""

import re
import socket
from base64 import b64encode
from collections.abc import Iterator
from hashlib import sha256
from http.client import HTTPConnection, HTTPMessage

import pytest

from streamer.servers.body import MAX_BODY_BYTES
from tests.server import RunningServer, serve
from tests.settings import OWNER_TOKEN
from tests.visits import NAME, PASSWORD, Visit, make_log_in
from tests.watching import OWNER

FAILING = {"DJANGO_SETTINGS_MODULE": "tests.failing", "DJANGO_OWNER_TOKEN": OWNER_TOKEN}
CAMERA = ("--camera", "demo=pattern:")
HTTPS = {"X-Forwarded-Proto": "https"}
HSTS = "max-age=31536000; includeSubDomains; preload"

ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

ANSWERS = {
    "page": (200, "GET", "/"),
    "page-head": (200, "HEAD", "/"),
    "log-in": (200, "GET", "/login/"),
    "file": (200, "GET", "/static/streamer/base.css"),
    "file-unchanged": (304, "GET", "/static/streamer/base.css"),
    "to-slash": (301, "GET", "/streams"),
    "to-log-in": (302, "GET", "/streams/"),
    "bad-host": (400, "GET", "/"),
    "bad-width": (400, "GET", f"/streams/demo/mjpeg?{OWNER}&width=7"),
    "picture-of-stranger": (401, "GET", "/streams/demo/snapshot.jpg"),
    "data-of-stranger": (401, "GET", "/api/streams"),
    "forged": (403, "POST", "/login/"),
    "nothing-here": (404, "GET", "/nothing"),
    "no-file": (404, "GET", "/static/nothing.css"),
    "no-data": (404, "GET", "/api/nothing"),
    "wrong-method": (405, "OPTIONS", "/"),
    "data-wrong-method": (405, "PUT", "/api/streams"),
    "too-large": (413, "POST", "/login/"),
    "fails": (500, "GET", "/fails"),
    "mjpeg": (200, "GET", f"/streams/demo/mjpeg?{OWNER}"),
    "feed": (200, "GET", f"/video_feed?{OWNER}"),
    "picture": (200, "GET", f"/streams/demo/snapshot.jpg?{OWNER}"),
    "data": (200, "GET", f"/api/streams?{OWNER}"),
    "document": (200, "GET", "/api/openapi.json"),
}
"""Status, method and path."""

SENT: dict[str, dict[str, str]] = {
    "file-unchanged": {"If-Modified-Since": "Fri, 01 Jan 2038 00:00:00 GMT"},
    "bad-host": {"Host": "evil.example"},
}
"""Headers of a request that has some."""

DEBUG_PAGES = {"bad-host": 400, "nothing-here": 404, "no-data": 404, "fails": 500}
"""What Django answers with DEBUG: pages of its own, and their status."""


@pytest.fixture(scope="module")
def plain(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server as it is by default, with a page that fails."""
    folder = tmp_path_factory.mktemp(f"plain-{server_name}")
    with serve(folder, "--server", server_name, *CAMERA, **FAILING) as running:
        yield running


@pytest.fixture(scope="module")
def debug(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return one with DJANGO_DEBUG."""
    folder = tmp_path_factory.mktemp(f"debug-{server_name}")
    environ = FAILING | {"DJANGO_DEBUG": "1"}
    with serve(folder, "--server", server_name, *CAMERA, **environ) as running:
        yield running


@pytest.fixture(scope="module")
def proxied(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return one that is told of a proxy in front, which speaks HTTPS."""
    folder = tmp_path_factory.mktemp(f"proxied-{server_name}")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    # Who is told of HTTPS tells the port of what is in front; here it is the server's own.
    environ = FAILING | {"DJANGO_CSRF_TRUSTED_ORIGINS": f"https://127.0.0.1:{port}"}
    options = ("--server", server_name, "--port", str(port), *CAMERA)
    with serve(folder, *options, **environ) as running:
        make_log_in(running)
        yield running


def answer(
    server: RunningServer, method: str, path: str, body: str = "", **sent: str
) -> tuple[int, HTTPMessage, bytes]:
    """Return status, headers and body, this if it is not endless, of an answer."""
    client = HTTPConnection("127.0.0.1", server.port, timeout=20)
    try:
        client.request(method, path, body or None, sent)
        got = client.getresponse()
        endless = got.headers.get_content_type().startswith("multipart/")
        return got.status, got.headers, b"" if endless else got.read()
    finally:
        client.close()


def answer_to(server: RunningServer, what: str, **more: str) -> tuple[int, HTTPMessage, bytes]:
    """Return one of ANSWERS."""
    _, method, path = ANSWERS[what]
    body = "x" * (MAX_BODY_BYTES + 1) if what == "too-large" else ""
    return answer(server, method, path, body, **SENT.get(what, {}), **more)


def check(headers: HTTPMessage, **other: str) -> None:
    """Check that all are there, once, with the values of ALWAYS or others."""
    expected = ALWAYS | {name.replace("_", "-"): value for name, value in other.items()}
    for name, value in expected.items():
        assert headers.get_all(name) == [value], name
    (policy,) = headers.get_all("Content-Security-Policy", [])
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    (permissions,) = headers.get_all("Permissions-Policy", [])
    assert "camera=(self)" in permissions
    assert "microphone=()" in permissions


@pytest.mark.parametrize("what", ANSWERS)
def test_every_answer_has_the_headers(plain: RunningServer, what: str) -> None:
    status, headers, _ = answer_to(plain, what)
    assert status == ANSWERS[what][0]
    anywhere = {"Cross-Origin-Resource-Policy": "cross-origin"} if OWNER in ANSWERS[what][2] else {}
    check(headers, **anywhere)
    assert "Strict-Transport-Security" not in headers


@pytest.mark.parametrize("what", DEBUG_PAGES)
def test_the_error_pages_of_debug_have_them_and_their_style(
    debug: RunningServer, what: str
) -> None:
    status, headers, page = answer_to(debug, what)
    assert status == DEBUG_PAGES[what]
    check(headers)
    (style,) = re.findall(rb"<style[^>]*>(.*?)</style>", page, re.DOTALL)
    assert (
        f"'sha256-{b64encode(sha256(style).digest()).decode()}'"
        in (headers["Content-Security-Policy"])
    )


@pytest.mark.parametrize("what", ["page", "file", "picture-of-stranger", "mjpeg"])
def test_other_answers_with_debug_have_them_too(debug: RunningServer, what: str) -> None:
    anywhere = {"Cross-Origin-Resource-Policy": "cross-origin"} if what == "mjpeg" else {}
    check(answer_to(debug, what)[1], **anywhere)


@pytest.mark.parametrize("what", ANSWERS)
def test_where_a_proxy_speaks_https_each_answer_says_so(
    proxied: RunningServer, server_name: str, what: str
) -> None:
    status, headers, _ = answer_to(proxied, what, **HTTPS)
    assert status == ANSWERS[what][0]
    # Daphne refuses it before anybody has read what the proxy says.
    is_unread = (server_name, what) == ("daphne", "too-large")
    assert headers.get_all("Strict-Transport-Security") == (None if is_unread else [HSTS])


def test_what_came_by_plain_http_is_sent_to_https(proxied: RunningServer) -> None:
    for sent in ({}, {"X-Forwarded-Proto": "http"}, {"X-Forwarded-Proto": "http, https"}):
        status, headers, _ = answer(proxied, "GET", "/streams/", **sent)
        at = f"https://127.0.0.1:{proxied.port}/streams/"
        assert (status, headers["Location"]) == (301, at), sent
        check(headers)
        assert "Strict-Transport-Security" not in headers


def test_nobody_is_believed_to_speak_https_where_no_proxy_is_told_of(plain: RunningServer) -> None:
    status, headers, _ = answer(plain, "GET", "/login/", **HTTPS)
    assert status == 200
    assert "Strict-Transport-Security" not in headers
    assert "Secure" not in headers["Set-Cookie"]


def cookies(headers: HTTPMessage) -> dict[str, set[str]]:
    """Return the attributes of each cookie that an answer sets, without when it ends."""
    told = {}
    for each in headers.get_all("Set-Cookie", []):
        pair, *attributes = each.split("; ")
        ends = ("expires=", "max-age=")
        of_it = {text for text in attributes if not text.lower().startswith(ends)}
        told[pair.partition("=")[0]] = of_it
    return told


def test_cookies_are_for_pages_of_this_site_alone(plain: RunningServer) -> None:
    _, headers, _ = answer(plain, "GET", f"/streams/?{OWNER}")
    assert cookies(headers) == {"sessionid": {"HttpOnly", "Path=/", "SameSite=Lax"}}
    _, headers, _ = answer(plain, "GET", "/login/")
    assert cookies(headers) == {"csrftoken": {"HttpOnly", "Path=/", "SameSite=Lax"}}


def test_cookies_go_by_https_alone_where_there_is_https(proxied: RunningServer) -> None:
    visit = Visit(proxied, headers=HTTPS | {"Referer": f"https://127.0.0.1:{proxied.port}/login/"})
    _, headers, _ = answer(proxied, "GET", "/login/", **HTTPS)
    assert cookies(headers)["csrftoken"] == {"HttpOnly", "Path=/", "SameSite=Lax", "Secure"}
    done = visit.submit("/login/", username=NAME, password=PASSWORD)
    assert done.status == 302
    assert "Secure" in done.headers["set-cookie"]


def test_what_a_view_has_set_stays(plain: RunningServer) -> None:
    _, headers, _ = answer(plain, "GET", f"/streams/?{OWNER}")
    assert headers.get_all("Referrer-Policy") == ["no-referrer"]


def test_a_name_that_only_looks_like_a_link_opens_nothing(plain: RunningServer) -> None:
    for query in ("monkey=1", "a=key", "%6bey=1"):
        _, headers, _ = answer(plain, "GET", f"/video_feed?{query}")
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
