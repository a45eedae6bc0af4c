"""Who may watch what, on each real server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.server import RunningServer, serve
from tests.visits import SITE, VISITORS, Visit, make_log_in

CAMERAS = ("--camera", "demo=pattern:", "--camera", "porch=pattern:")

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
    with serve(folder, "--server", server_name, *CAMERAS, **SITE) as running:
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
