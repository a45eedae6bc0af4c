"""The database locked or away: who needs none notices nothing, who does is told."""

from __future__ import annotations

import asyncio
import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from pathlib import Path

import pytest
from django.db import OperationalError
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Origin, Subprotocol

from streamer.database import PAUSE_SECONDS, Outage
from streamer.errors import Code
from streamer.wire import SUBPROTOCOL
from tests.clock import Clock
from tests.faults import ENVIRON, PLAUSIBLE_GAP, audience
from tests.server import RunningServer, serve
from tests.settings import OWNER_TOKEN
from tests.visits import Answer, Visit, key, owner_by_session

TOLD_SECONDS = 6.0
"""The wait for a lock is 2 s, and somebody may wait before."""

AGAIN = {Code.RESTARTING, Code.FULL}
"""Codes after which a page comes back by itself."""

ASKING = 24
"""More than there are threads."""


@contextmanager
def locked(database: Path) -> Iterator[None]:
    """Have another process, this one, hold the database for itself."""
    with closing(sqlite3.connect(database, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        yield
        other.execute("ROLLBACK")


@contextmanager
def moved(database: Path) -> Iterator[None]:
    aside = database.rename(database.with_suffix(".aside"))
    yield
    aside.replace(database)  # SQLite has made an empty one meanwhile


@contextmanager
def without_folder(database: Path) -> Iterator[None]:
    aside = database.parent.rename(database.parent.with_suffix(".aside"))
    yield
    aside.rename(database.parent)


FAULTS: list[Callable[[Path], AbstractContextManager[None]]] = [locked, moved, without_folder]


@pytest.fixture(scope="module")
def site(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp(f"database-{server_name}")
    (folder / "data").mkdir()
    environ = ENVIRON | {"DATABASE_URL": f"sqlite:///{folder / 'data' / 'db.sqlite3'}"}
    with serve(folder, "--server", server_name, **environ) as running:
        yield running


def database(server: RunningServer) -> Path:
    return server.log_file.parent / "data" / "db.sqlite3"


def hello(server: RunningServer) -> None:
    """Begin a webcam session as a stranger does."""
    protocols = [Subprotocol(SUBPROTOCOL)]
    with connect(f"{server.socket}ws/webcam/", subprotocols=protocols) as socket:
        assert json.loads(socket.recv(20))["type"] == "hello"


def let_in(server: RunningServer) -> float:
    """Assert that all are let in whom no database has to know; return the seconds that the slowest
    has waited."""
    bearer = {"Authorization": f"Bearer {OWNER_TOKEN}"}
    holder = Visit(server, key("demo", 1), is_browser=False)
    ways: list[Callable[[], None]] = [
        lambda: hello(server),
        lambda: ok(Visit(server).ask("/")),
        lambda: ok(Visit(server, headers=bearer).ask("/api/streams")),
        lambda: ok(holder.ask("/streams/demo/snapshot.jpg")),
        lambda: ok(holder.ask("/streams/demo/")),
        lambda: watches(holder),
    ]
    seconds = []
    for come in ways:
        begun = time.monotonic()
        come()
        seconds.append(time.monotonic() - begun)
    return max(seconds)


def ok(answer: Answer) -> None:
    assert answer.status == 200, answer


def watches(visit: Visit) -> None:
    assert visit.watch("demo")["type"] == "state"


def told(ask: Callable[[], Answer]) -> None:
    """Assert that somebody is told to come again, in good time."""
    begun = time.monotonic()
    answer = ask()
    assert time.monotonic() - begun < TOLD_SECONDS
    assert (answer.status, answer.headers["retry-after"]) == (503, "10"), answer
    assert "The server's database does not answer" in answer.body
    assert "Traceback" not in answer.body


def told_by_socket(server: RunningServer, visit: Visit) -> None:
    """Assert that a page whose session cannot be read is told to come again."""
    cookies = "; ".join(f"{name}={value}" for name, value in visit.cookies.items())
    begun = time.monotonic()
    with connect(
        f"{server.socket}ws/watch/", origin=Origin(server.url.rstrip("/")),
        subprotocols=[Subprotocol(SUBPROTOCOL)], additional_headers={"Cookie": cookies},
    ) as socket:  # fmt: skip
        trouble = json.loads(socket.recv(20))
        with pytest.raises(ConnectionClosed) as caught:
            socket.recv(20)
    assert time.monotonic() - begun < TOLD_SECONDS
    assert trouble["type"] == "error"
    assert trouble["code"] in AGAIN
    assert caught.value.rcvd
    assert caught.value.rcvd.code == trouble["code"]


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
async def test_streams_go_on_strangers_come_in_and_who_needs_it_is_told(
    site: RunningServer, fault: Callable[[Path], AbstractContextManager[None]]
) -> None:
    owner = await asyncio.to_thread(owner_by_session, site)
    stranger = Visit(site)
    await asyncio.to_thread(stranger.ask, "/login/")
    async with audience(site) as there:
        begun = time.monotonic()
        with fault(database(site)):
            async with asyncio.TaskGroup() as group:
                ask = [lambda: owner.ask("/api/streams"), lambda: owner.ask("/streams/")]
                for number in range(ASKING):
                    group.create_task(asyncio.to_thread(told, ask[number % 2]))
                # The others wait already.
                await asyncio.sleep(0.2)
                assert await asyncio.to_thread(let_in, site) < PLAUSIBLE_GAP
            link = {"token": OWNER_TOKEN}
            await asyncio.to_thread(told, lambda: Visit(site, link).ask("/streams/"))
            await asyncio.to_thread(told_by_socket, site, owner)
        there.check(time.monotonic() - begun)
        async with asyncio.timeout(10):
            while (answer := await asyncio.to_thread(owner.ask, "/streams/")).status == 503:
                await asyncio.sleep(0.1)
        assert answer.status == 200
        await asyncio.to_thread(watches, owner)


def test_one_at_a_time_tries_what_has_failed() -> None:
    clock = Clock()
    outage = Outage(clock)

    def fails() -> None:
        with outage.asked():
            raise OperationalError("database is locked")

    def is_refused() -> None:
        with pytest.raises(OperationalError, match="has failed a moment ago"), outage.asked():
            pytest.fail("it was asked")

    with outage.asked(), outage.asked():
        pass  # while all is well any number may ask
    with pytest.raises(OperationalError, match="locked"):
        fails()
    is_refused()
    clock.now += PAUSE_SECONDS
    with pytest.raises(OperationalError, match="locked"), outage.asked():
        is_refused()
        raise OperationalError("database is locked")
    is_refused()
    clock.now += PAUSE_SECONDS
    with outage.asked():
        pass
    with outage.asked(), outage.asked():
        pass
