"""Who may watch what, on each real server."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from html import escape
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from streamer.wire import SUBPROTOCOL
from tests.server import RunningServer, serve
from tests.settings import OWNER_TOKEN
from tests.visits import (
    NAME,
    PASSWORD,
    SITE,
    VISITORS,
    Visit,
    logged_in,
    make_log_in,
    owner_by_session,
)

CAMERAS = ("--camera", "demo=pattern:", "--camera", "porch=pattern:")
MAX_VIEWERS = 12

PATHS = {
    "page": "/",
    "wall": "/streams/",
    "demo": "/streams/demo/",
    "none": "/streams/none/",
    "mjpeg": "/streams/demo/mjpeg",
    "none-mjpeg": "/streams/none/mjpeg",
    "picture": "/streams/demo/snapshot.jpg",
    "none-picture": "/streams/none/snapshot.jpg",
    "feed": "/video_feed",
    "api": "/api/streams",
    "openapi": "/api/openapi.json",
}

# A status; `in` for the log-in page; `out` for the same page without the token; the last two
# columns are POST /api/streams/demo/links, and what a WebSocket says first.
TABLE = """
             page wall demo none mjpeg none-mjpeg picture none-picture feed api openapi post watch
stranger     200  in   in   in   401   401        401     401          401  401 200     401  4004
logged-in    200  200  200  404  200   404        200     404          200  200 200     200  state
logged-out   200  in   in   in   401   401        401     401          401  401 200     401  4004
owner        200  200  200  404  200   404        200     404          200  200 200     200  state
token        out  out  out  out  200   404        200     404          200  200 200     200  state
bearer       200  200  200  404  200   404        200     404          200  200 200     200  state
wrong-token  in   in   in   in   401   401        401     401          401  401 200     401  4004
wrong-bearer 200  in   in   in   401   401        401     401          401  401 200     401  4004
link         200  in   200  in   200   403        200     403          200  200 200     403  state
other-link   200  in   in   in   403   403        403     403          403  200 200     403  4004
expired-link 200  in   in   in   401   401        401     401          401  401 200     401  4004
tampered     200  in   in   in   401   401        401     401          401  401 200     401  4004
program      200  200  200  404  200   404        200     404          200  200 200     200  4004
"""
HEAD, *ROWS = [line.split() for line in TABLE.strip().splitlines()]
EXPECTED = {row[0]: dict(zip(HEAD, row[1:], strict=True)) for row in ROWS}


@pytest.fixture(scope="module")
def guarded(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server with two cameras and a user."""
    folder = tmp_path_factory.mktemp(f"guarded-{server_name}")
    site = {**SITE, "STREAMER_MAX_VIEWERS": str(MAX_VIEWERS)}
    with serve(folder, "--server", server_name, *CAMERAS, **site) as running:
        make_log_in(running)
        yield running
        assert "Traceback" not in running.log


def outcome(visit: Visit, what: str) -> str:
    """Return what a visitor gets, in the words of the table."""
    if what == "watch":
        said = visit.watch("demo")
        return str(said.get("code", said["type"]))
    if what == "post":
        return str(visit.post_json("/api/streams/demo/links", {"hours": 1}).status)
    answer = visit.ask(PATHS[what])
    if answer.status == 302:
        return "in" if answer.location.startswith("/login/") else "out"
    return str(answer.status)


@pytest.mark.parametrize("who", VISITORS)
def test_each_visitor_gets_what_is_theirs(guarded: RunningServer, who: str) -> None:
    visit = VISITORS[who](guarded)
    assert {what: outcome(visit, what) for what in HEAD} == EXPECTED[who]


def test_with_debug_anyone_gets_all(tmp_path: Path, server_name: str) -> None:
    site = {**SITE, "DJANGO_DEBUG": "1"}
    with serve(tmp_path, "--server", server_name, *CAMERAS, **site) as server:
        assert {what: outcome(Visit(server), what) for what in HEAD} == EXPECTED["owner"]
        assert "anyone who reaches this server" in server.said
        assert "token=" not in server.said


@pytest.mark.parametrize("path", ["/streams/{}/mjpeg", "/streams/{}/snapshot.jpg"])
@pytest.mark.parametrize("who", ["stranger", "expired-link", "other-link"])
def test_a_refusal_does_not_tell_whether_there_is_such_a_stream(
    guarded: RunningServer, who: str, path: str
) -> None:
    visit = VISITORS[who](guarded)
    answers = [visit.ask(path.format(name)) for name in ("demo", "none")]
    assert answers[0] == answers[1]
    pages = [visit.ask(f"/streams/{name}/") for name in ("demo", "none")]
    assert pages[0].location.replace("demo", "none") == pages[1].location
    said = [visit.watch(name) for name in ("demo", "none")]
    assert said[0] | {"stream": ""} == said[1] | {"stream": ""}


@pytest.mark.parametrize(
    ("who", "words"),
    [
        ("stranger", "Expected a log-in or a link, came neither."),
        ("wrong-token", "This owner's link is not valid, or not any more. manage.py link"),
        ("expired-link", "This link has expired."),
        ("tampered", "This link is not valid."),
        ("other-link", "This link opens one stream, and not this."),
    ],
)
def test_a_refusal_says_why_and_what_to_do(guarded: RunningServer, who: str, words: str) -> None:
    visit = VISITORS[who](guarded)
    media = visit.ask("/streams/demo/snapshot.jpg")
    assert media.body.startswith(words)
    assert media.headers["content-type"].startswith("text/plain")
    assert media.headers["cache-control"] == "no-store"
    assert ("www-authenticate" in media.headers) == (media.status == 401)
    login = Visit(guarded).ask(visit.ask("/streams/demo/").location)
    assert login.status == 200
    assert (escape(words) in login.body) == (who != "stranger")
    assert "manage.py link" in login.body


def test_the_log_in_leads_back_without_what_was_no_good(guarded: RunningServer) -> None:
    for who in ("wrong-token", "expired-link", "tampered"):
        answer = VISITORS[who](guarded).ask("/streams/demo/")
        (back,) = parse_qs(urlsplit(answer.location).query)["next"]
        assert back == "/streams/demo/"
        assert answer.headers["cache-control"] == "no-store"


def test_the_owners_token_leaves_the_address_at_once(guarded: RunningServer) -> None:
    for path in ("/", "/streams/", "/streams/demo/", "/login/", "/no/such/page", "/a%3Fb"):
        answer = Visit(guarded, {"token": OWNER_TOKEN, "width": "320"}).ask(path)
        assert (answer.status, answer.location) == (302, f"{path}?width=320")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"


def test_the_owners_link_leads_to_no_other_site(guarded: RunningServer) -> None:
    answer = Visit(guarded, {"token": OWNER_TOKEN}).ask("//evil.example/")
    assert (answer.status, answer.location) == (302, "/%2Fevil.example/")


def test_strangers_take_nobodys_place(guarded: RunningServer) -> None:
    protocols = [Subprotocol(SUBPROTOCOL)]
    with ExitStack() as open_ones:
        for _ in range(MAX_VIEWERS):
            url = guarded.socket + "ws/watch/"
            socket = open_ones.enter_context(connect(url, subprotocols=protocols))
            assert json.loads(socket.recv(20))["code"] == 4004
        assert logged_in(guarded).watch("demo")["type"] == "state"


def test_the_owners_link_gives_the_session_a_new_name(guarded: RunningServer) -> None:
    visit = logged_in(guarded)
    before = visit.cookies["sessionid"]
    visit.ask(f"/?token={OWNER_TOKEN}")
    assert visit.cookies["sessionid"] != before
    assert Visit(guarded, cookies={"sessionid": before}).ask("/api/streams").status == 401


def test_the_owner_can_leave(guarded: RunningServer) -> None:
    visit = owner_by_session(guarded)
    before = dict(visit.cookies)
    assert "You are in" in visit.ask("/login/").body
    assert visit.submit("/logout/").location == "/login/"
    assert Visit(guarded, cookies=before).ask("/api/streams").status == 401


def test_a_wrong_password_is_told_and_lets_nobody_in(guarded: RunningServer) -> None:
    visit = Visit(guarded)
    page = visit.submit("/login/", username=NAME, password="wrong")  # noqa: S106
    assert page.status == 200
    assert "Please enter a correct username and password" in page.body
    assert visit.ask("/api/streams").status == 401


def test_the_log_in_leads_to_no_other_site(guarded: RunningServer) -> None:
    answer = Visit(guarded).submit(
        "/login/", username=NAME, password=PASSWORD, next="https://evil.example/"
    )
    assert (answer.status, answer.location) == (302, "/streams/")


def test_who_has_a_link_sees_its_stream_alone(guarded: RunningServer) -> None:
    streams = json.loads(VISITORS["link"](guarded).ask("/api/streams").body)["streams"]
    assert [each["name"] for each in streams] == ["demo"]


def test_another_site_cannot_have_a_link_made(guarded: RunningServer) -> None:
    visit = logged_in(guarded)
    kind = {"Content-Type": "application/json"}
    answer = visit.ask("/api/streams/demo/links", "POST", '{"hours":1}', **kind)
    assert answer.status == 403
