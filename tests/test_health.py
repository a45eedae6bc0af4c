"""/healthz and /metrics, of real servers."""

import asyncio
import json
import struct
from collections.abc import Iterator

import pytest
from django.test import AsyncClient
from prometheus_client.parser import text_string_to_metric_families
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin, Subprotocol

from streamer import build, health
from streamer.wire import SUBPROTOCOL
from tests import footage
from tests.server import RunningServer, serve
from tests.watching import OWNER, ask, eventually, link, opened, parts

TOKEN = "metrics-token-only-for-tests"  # noqa: S105
BEARER = {"Authorization": f"Bearer {TOKEN}"}
CAMERAS = {"demo": "pattern:", "yard": "pattern:"}

Figures = dict[tuple[str, tuple[str, ...]], float]


@pytest.fixture(scope="module")
def watched(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server whose figures no other test changes."""
    environ = {"STREAMER_METRICS_TOKEN": TOKEN, "STREAMER_CAMERAS": json.dumps(CAMERAS)}
    folder = tmp_path_factory.mktemp(server_name)
    with serve(folder, "--server", server_name, **environ) as running:
        yield running
        assert TOKEN not in running.log


def figures(server: RunningServer) -> Figures:
    """Return all figures by name and the values of their labels, sorted."""
    answer = ask(server, "/metrics", "", headers=BEARER)
    assert answer.status == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, tuple(sorted(sample.labels.values()))): sample.value
        for family in text_string_to_metric_families(answer.words)
        for sample in family.samples
    }


def value(found: Figures, name: str, *labels: str) -> float:
    return found.get((f"videostream_{name}", tuple(sorted(labels))), 0.0)


async def test_a_server_that_is_well_says_so_to_anybody(watched: RunningServer) -> None:
    await eventually(lambda: ask(watched, "/healthz", "").status == 200)
    answer = ask(watched, "/healthz", "")
    assert answer.json == {"live": True, "ready": True}
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize(
    ("query", "status"),
    [("", 401), (link("demo"), 403), (OWNER, 200)],
    ids=["stranger", "link", "owner"],  # a link tells the time
)
def test_figures_are_for_who_may_watch_all(watched: RunningServer, query: str, status: int) -> None:
    assert ask(watched, "/metrics", query).status == status


def test_the_token_opens_figures_and_nothing_else(watched: RunningServer) -> None:
    assert figures(watched)
    wrong = {"Authorization": f"Bearer {TOKEN}x"}
    assert ask(watched, "/metrics", "", headers=wrong).status == 401
    assert ask(watched, "/api/streams", "", headers=BEARER).status == 401


def test_without_a_token_of_its_own_none_opens_them(server: RunningServer) -> None:
    for token in ("", "x"):
        headers = {"Authorization": f"Bearer {token}"}
        assert ask(server, "/metrics", "", headers=headers).status == 401
    assert ask(server, "/metrics").status == 200


async def test_frames_their_ages_and_what_is_dropped_are_counted(watched: RunningServer) -> None:
    before = figures(watched)
    v1 = [Subprotocol(SUBPROTOCOL)]
    async with connect(f"{watched.socket}ws/webcam/", subprotocols=v1, max_size=None) as socket:
        for seq in range(1, 13):
            await socket.send(struct.pack("<I", seq) + footage.jpeg())
        answer = {"seq": 0, "dropped": 0}
        answers = 0
        async with asyncio.timeout(20):
            while answer.get("seq") != 12:
                answer = json.loads(await socket.recv())
                answers += answer["type"] == "result"
        await socket.send(struct.pack("<I", 13) + b"no picture")
        await eventually(lambda: bad(figures(watched)) == bad(before) + 1)
        after = figures(watched)
        assert value(after, "sessions", "webcam") == 1

    def more(name: str, *labels: str) -> float:
        return value(after, name, *labels) - value(before, name, *labels)

    assert more("frames_total", "webcam") == answers
    assert more("age_seconds_count", "webcam") == answers
    assert more("drops_total", "webcam", "newer") == answer["dropped"] > 0
    for stage in ("decode", "detect", "draw", "encode"):
        assert more("stage_seconds_count", stage) >= answers
    assert 0 < more("stage_seconds_sum", "decode") < more("age_seconds_sum", "webcam")
    assert more("refusals_total", "4000") == 1
    await eventually(lambda: value(figures(watched), "sessions", "webcam") == 0)


def bad(found: Figures) -> float:
    return value(found, "drops_total", "webcam", "bad")


async def test_cameras_and_their_viewers_are_told(watched: RunningServer) -> None:
    with opened(watched, "/streams/demo/mjpeg") as reply:
        next(parts(reply))
        found = figures(watched)
        assert value(found, "camera_state", "demo", "live") == 1
        assert value(found, "camera_state", "demo", "closed") == 0
        assert value(found, "camera_state", "yard", "closed") == 1
        assert value(found, "viewers", "demo") == value(found, "sessions", "viewer") == 1
        assert value(found, "frames_total", "camera") > 0
    assert found["process_open_fds", ()] > 0
    assert value(found, "ready") == 1


async def test_refusals_are_counted_by_their_code(watched: RunningServer) -> None:
    before = figures(watched)
    async with connect(watched.socket) as socket:
        await socket.send("text")
        with pytest.raises(ConnectionClosed):
            await socket.recv()
    with pytest.raises(InvalidStatus):
        async with connect(watched.socket, origin=Origin("https://example.com")):
            pass
    assert ask(watched, "/streams/demo/snapshot.jpg", "").status == 401
    after = figures(watched)
    for code in ("4000", "403", "401"):
        assert value(after, "refusals_total", code) == value(before, "refusals_total", code) + 1


async def test_what_is_wrong_is_for_who_is_known(
    monkeypatch: pytest.MonkeyPatch, async_client: AsyncClient
) -> None:
    trouble = ["The server stops."]
    monkeypatch.setattr(health, "troubles", lambda: trouble)
    answer = await async_client.get("/healthz")
    assert (answer.status_code, answer.json()) == (503, {"live": True, "ready": False})
    answer = await async_client.get(f"/healthz?{OWNER}")
    assert answer.json() == {"live": True, "ready": False, "why": trouble}


def test_it_is_not_ready_until_the_models_are_loaded_and_not_when_it_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Pool:
        """A fake: what health reads of the pool."""

        is_loaded, is_exhausted, hung = False, True, 2

    monkeypatch.setattr(build, "pool", Pool)
    monkeypatch.setattr(build.admission(), "is_closed", True)
    assert health.troubles() == [
        "The models are being loaded.",
        "2 threads hang: no frame can be worked on. The process ends.",
        "The server stops.",
    ]
