"""The site as deploy/nginx.conf puts it behind TLS: pages, who may watch, sockets and pictures."""

import json
import re
import struct
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from time import monotonic

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from streamer.wire import SUBPROTOCOL
from tests import footage, nginx
from tests.nginx import command, configure
from tests.secure_visits import Browser, Site, deployed, dialled
from tests.visits import NAME, PASSWORD, make_log_in
from tests.watching import OWNER, eventually, parts

HEADERS = {
    "strict-transport-security",
    "x-content-type-options",
    "content-security-policy",
    "referrer-policy",
}


@pytest.fixture(scope="module")
def site(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """Return a site with cameras and a log-in, which the tests here share."""
    with deployed(tmp_path_factory.mktemp(f"nginx-{server_name}"), server_name) as site:
        make_log_in(site.server)
        yield site
        assert site.server.process.poll() is None, "the server went down"
        assert "Traceback" not in site.server.log


def test_nginx_has_nothing_to_say_about_the_file(tmp_path: Path) -> None:
    configure(8000, tmp_path)
    ran = subprocess.run(
        command(tmp_path, "-t"), capture_output=True, text=True, check=False
    ).stderr.splitlines()
    assert len(ran) == 2
    assert ran[0].endswith("syntax is ok")
    assert ran[1].endswith("test is successful")


def test_pages_come_with_each_header_once(site: Site) -> None:
    for path in ("/", "/login/", "/static/streamer/webcam/page.js", "/api/openapi.json"):
        answer = site.front.ask(path)
        assert answer.status == 200
        assert answer.headers["server"] == "nginx"
        assert answer.headers.keys() >= HEADERS
        assert answer.headers["strict-transport-security"].count("max-age") == 1
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "," not in answer.headers["referrer-policy"]
        assert answer.headers["content-security-policy"].count("default-src") == 1


def test_http_leads_to_https_with_the_same_path_and_query(site: Site) -> None:
    port = site.front.http_port
    sent = f"GET /streams/?a=1 HTTP/1.1\r\nHost: {nginx.NAME}\r\nConnection: close\r\n\r\n"
    with nginx.plain(port) as client:
        client.sendall(sent.encode())
        head = b"".join(iter(lambda: client.recv(65_536), b"")).decode()
    assert head.startswith("HTTP/1.1 301 ")
    assert f"\r\nLocation: {site.front.url}streams/?a=1\r\n" in head


def test_another_host_is_not_answered_for(site: Site) -> None:
    assert site.front.ask("/", Host="other.example").status == 400


def test_the_server_says_itself_what_is_wrong(site: Site) -> None:
    nowhere = site.front.ask("/nowhere/")
    assert nowhere.status == 404
    assert "There is nothing here" in nowhere.words
    refused = site.front.ask("/streams/demo/mjpeg")
    assert (refused.status, refused.headers["www-authenticate"].split()[0]) == (401, "Bearer")
    dead = site.front.ask(f"/streams/dead/snapshot.jpg?{OWNER}")
    assert (dead.status, dead.headers["retry-after"]) == (503, "10")
    assert site.front.ask("/api/streams", "POST", "x" * 65_537).status == 413


def test_the_owners_link_lets_in_and_cookies_are_for_https_alone(site: Site) -> None:
    browser = Browser(site.front)
    answer = browser.ask(f"/streams/?{OWNER}")
    assert (answer.status, answer.headers["location"]) == (302, "/streams/")
    wall = browser.ask("/streams/")
    assert wall.status == 200
    assert set(browser.cookies) == {"sessionid", "csrftoken"}
    for set_cookie in (answer.headers["set-cookie"], wall.headers["set-cookie"]):
        assert "; Secure" in set_cookie
    link = browser.ask(
        "/api/streams/demo/links", "POST", json.dumps({"hours": 1}), Origin=site.front.origin,
        Content_Type="application/json", X_CSRFToken=browser.cookies["csrftoken"],
    )  # fmt: skip
    assert link.status == 200
    assert str(link.json["url"]).startswith("/streams/demo/?key=")


def test_a_log_in_is_taken_from_pages_of_this_site_alone(site: Site) -> None:
    form = {"username": NAME, "password": PASSWORD, "next": "/streams/"}
    browser = Browser(site.front)
    assert browser.submit("/login/", "https://evil.example", **form).status == 403
    answer = browser.submit("/login/", site.front.origin, **form)
    assert (answer.status, answer.headers["location"]) == (302, "/streams/")
    assert browser.ask("/streams/").status == 200


@pytest.mark.parametrize("header", ["X_Forwarded_Proto", "X_FORWARDED_PROTO", "Forwarded"])
def test_what_a_client_says_of_its_connection_changes_nothing(site: Site, header: str) -> None:
    assert site.front.ask("/", **{header: "http"}).status == 200
    assert site.front.ask("/", **{header: "proto=http;host=other.example"}).status == 200


def test_a_webcams_pictures_come_back(site: Site) -> None:
    with dialled(site.front, "ws/webcam/") as plain:
        plain.send(footage.jpeg())
        assert str(plain.recv(20)).startswith("/9j/")
    with dialled(site.front, "ws/webcam/", SUBPROTOCOL) as webcam:
        assert "hello" in str(webcam.recv(20))
        webcam.send(struct.pack("<I", 1) + footage.jpeg())
        assert "result" in str(webcam.recv(20))
    with pytest.raises(InvalidStatus) as refused:
        dialled(site.front, "", Origin="https://evil.example")
    assert refused.value.response.status_code == 403


def test_an_address_that_a_client_makes_up_does_not_count(site: Site) -> None:
    def came_in(source: str, forwarded: str) -> int:
        webcam = held.enter_context(
            dialled(site.front, "", SUBPROTOCOL, source, X_Forwarded_For=forwarded)
        )
        code: int = json.loads(webcam.recv(20)).get("code", 0)
        return code

    with ExitStack() as held:
        assert came_in("127.0.0.3", "192.0.2.1") == 0
        assert came_in("127.0.0.3", "192.0.2.2, 192.0.2.3") == 0
        assert came_in("127.0.0.3", "192.0.2.4") == 4029
        assert came_in("127.0.0.4", "127.0.0.3") == 0


def test_a_viewer_needs_its_session_and_gets_pictures(site: Site) -> None:
    browser = Browser(site.front)
    browser.ask(f"/streams/?{OWNER}")
    watch = '{"type":"watch","stream":"demo"}'
    with dialled(site.front, "ws/watch/", SUBPROTOCOL, Cookie=browser.cookie) as viewer:
        viewer.send(watch)
        while isinstance(viewer.recv(20), str):
            pass
    with (
        dialled(site.front, "ws/watch/", SUBPROTOCOL) as stranger,
        pytest.raises(ConnectionClosed) as closed,
    ):
        assert "error" in str(stranger.recv(20))
        stranger.recv(20)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4004


def test_a_picture_comes_whole_although_none_follows(site: Site) -> None:
    with site.front.opened(f"/streams/dead/mjpeg?{OWNER}") as reply:
        assert reply.status == 200
        assert next(parts(reply)).endswith(b"\xff\xd9"), "the words that say why"


async def test_pictures_come_one_by_one_and_who_leaves_is_missed_at_once(site: Site) -> None:
    began = monotonic()
    with site.front.opened(f"/streams/slow/mjpeg?{OWNER}") as reply:
        pictures = parts(reply)
        next(pictures)
        assert monotonic() - began < 1
        came = [monotonic() for _ in islice(pictures, 5)]
        assert came[-1] - came[0] > 0.4, "five pictures a second, and not a heap of them"
        assert site.viewers("slow") == 1
    left = monotonic()
    await eventually(lambda: site.viewers("slow") == 0)
    assert monotonic() - left < 2


async def test_who_takes_nothing_is_let_go_of_by_the_server(site: Site) -> None:
    with site.front.connect() as deaf:
        deaf.sendall(site.front.request(f"/streams/demo/mjpeg?{OWNER}"))
        await eventually(lambda: site.viewers("demo") == 1)
        await eventually(lambda: site.viewers("demo") == 0)


def test_logs_have_no_query_and_no_referer(site: Site) -> None:
    secret = "planted-and-not-to-be-found"  # noqa: S105
    referer = f"{site.front.url}?token={secret}"
    for path in ("/", "/streams/demo/mjpeg", "/nowhere/", "/streams/demo/snapshot.jpg"):
        site.front.ask(f"{path}?token={secret}&key={secret}", Referer=referer)
    site.front.ask(f"/login/?token={secret}", "POST", "x" * 65_537, Referer=referer)
    assert re.search(r'"GET /nowhere/ HTTP/1.1" \d+ ', site.front.access_log)
    assert secret not in site.front.logs
