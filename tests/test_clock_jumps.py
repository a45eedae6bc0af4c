"""The wall clock jumps, as it does when a machine learns the time: nothing notices."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from daphne import http_protocol, server, ws_protocol
from twisted.internet import reactor

from tests.faults import ENVIRON, audience
from tests.server import RunningServer, serve
from tests.watching import ask, eventually, link

LIBRARY = "usr/lib/*/faketime/libfaketimeMT.so.1"
JUMPS = ("+1h", "-1h", "+1y", "-1y", "+0")

JUMP_SECONDS = 2.0
"""The library reads the time anew each second."""


def faketime() -> str:
    """Return the library that tells a process another time; without it the test skips, or fails if
    it is required."""
    for file in Path("/").glob(LIBRARY):
        return str(file)
    how = "Tests of the clock need libfaketime. On Debian: sudo apt-get install libfaketime"
    if os.environ.get("REQUIRE_FAKETIME") == "1":
        pytest.fail(how)
    pytest.skip(how)


@pytest.fixture(scope="module")
def clock(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the file that says how far a server's clock is off."""
    return tmp_path_factory.mktemp(f"clock-{server_name}") / "offset"


def put(clock: Path, offset: str) -> None:
    """Put a server's clock on or back."""
    clock.write_text(f"{offset}\n")


@pytest.fixture(scope="module")
def site(server_name: str, clock: Path) -> Iterator[RunningServer]:
    environ = {
        "DJANGO_SETTINGS_MODULE": "tests.faked_time",
        "LD_PRELOAD": faketime(),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_CACHE_DURATION": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
        "NO_FAKE_STAT": "1",
    }
    put(clock, "+0")
    with serve(clock.parent, "--server", server_name, **ENVIRON | environ) as running:
        yield running


async def test_streams_and_sessions_keep_their_pace(site: RunningServer, clock: Path) -> None:
    async with audience(site) as there:
        for offset in JUMPS:
            there.begin()
            begun = time.monotonic()
            put(clock, offset)
            await asyncio.sleep(JUMP_SECONDS)
            there.check(time.monotonic() - begun)


async def test_links_end_by_the_wall_clock(site: RunningServer, clock: Path) -> None:
    def is_answered(status: int, query: str) -> bool:
        return ask(site, "/streams/demo/snapshot.jpg", query).status == status

    half, two = link("demo", 1800), link("demo", 7200)
    assert await asyncio.to_thread(is_answered, 200, half)
    put(clock, "+1h")
    await eventually(lambda: is_answered(401, half))
    assert await asyncio.to_thread(is_answered, 200, two)
    put(clock, "+0")
    await eventually(lambda: is_answered(200, half))


def test_daphne_waits_by_a_clock_that_does_not_jump() -> None:
    assert abs(reactor.seconds() - time.monotonic()) < 1  # type: ignore[misc]
    for module in (http_protocol, server, ws_protocol):
        assert abs(module.time.time() - time.monotonic()) < 1
