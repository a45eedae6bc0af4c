"""The soak finds what it is there for, and is well with a server that is."""

from __future__ import annotations

import asyncio
import random
import shutil
import subprocess
from collections import Counter
from contextlib import AsyncExitStack
from io import StringIO

import pytest
from rich.console import Console

from benchmarks.load import Served
from soak import __main__ as command
from soak import gauge, rivals, run, site
from soak.crowd import Size
from soak.gauge import MIB, Allowance, Held
from soak.rivals import QUIET, WEBCAMS, RivalRow
from soak.run import Row, Soak, Stay
from soak.site import Site
from soak.tally import Tally
from soak.visits import Visitor, attempt
from streamer import threads
from tests.hostile import ACTS, joined
from tests.server import ROOT, RunningServer, serve
from tests.test_servers import linux_only
from tests.test_servers import served as served_once

NOTHING = Allowance(0, 0, 0)
SHORT = Stay(4.0, "a", Size(1, 1, 1, 1, 1, 1), warm_up=4.0, settle=20.0, told_every=1.0)


@pytest.fixture(scope="module")
def made() -> list[bytes]:
    return run.pictures()


@linux_only
def test_a_crowd_leaves_a_server_as_it_was(server_name: str, made: list[bytes]) -> None:
    said: list[str] = []
    with site.opened(server_name) as opened:
        row = asyncio.run(Soak(opened, SHORT, made, said.append).run())
    # So short a run has loaded less before than afterwards: longer ones tell of memory.
    assert [each for each in row.missed if not each.startswith(("memory", "threads"))] == []
    assert min(row.tally.answered, row.tally.pictures, row.tally.strange.total()) > 0
    assert set(row.tally.visits) == set(vars(SHORT.size))
    assert row.tally.there == 0
    assert 0 < (row.tally.age_ms(50) or 0) <= (row.tally.age_ms(95) or 0) < 5000
    assert any("base line" in line for line in said)
    console = Console(file=StringIO(), width=200)
    run.table([row]).show(console)
    assert server_name in console.file.getvalue()  # type: ignore[attr-defined]


# What it finds


@linux_only
async def test_connections_that_stay_are_found(server: RunningServer) -> None:
    target = Site("", server, "").without_source()
    await served_once(server)  # all is loaded
    for _ in range(threads.COUNT):
        async with joined(target) as socket:
            await socket.recv()
    before = await gauge.at_rest(server)
    async with AsyncExitStack() as held:
        for _ in range(6):
            await held.enter_async_context(joined(target))
        now, left = await gauge.settled(server, before, Allowance(), seconds=0.1)
        assert [f"files: {before.files} before, {now.files} after"] == [
            each for each in left if each.startswith("files")
        ]
        assert now.files >= before.files + 6
    _, left = await gauge.settled(server, before, Allowance(), seconds=20)
    assert left == []


@linux_only
async def test_a_base_line_that_is_lower_shows_a_leak(server: RunningServer) -> None:
    """A fake base line: the server has leaked all that it has."""
    now, left = await gauge.settled(server, Held(0, 0, 0), NOTHING, seconds=0.1)
    assert left == [
        f"memory: 0 MiB before, {now.memory // MIB} after",
        f"threads: 0 before, {now.threads} after",
        f"files: 0 before, {now.files} after",
    ]


@pytest.mark.parametrize(
    ("now", "kinds"),
    [
        (Held(132 * MIB, 14, 24), []),
        (Held(132 * MIB + 1, 14, 24), ["memory"]),
        (Held(100 * MIB, 15, 25), ["threads", "files"]),
        (Held(0, 0, 0), []),
    ],
)
def test_the_allowance_is_exact(now: Held, kinds: list[str]) -> None:
    before, allowed = Held(100 * MIB, 10, 20), Allowance(32 * MIB, 4, 4)
    assert [each.partition(":")[0] for each in gauge.over(before, now, allowed)] == kinds


def test_faults_in_the_log_are_found() -> None:
    log = (
        "all is well\nTask exception was never retrieved\nTraceback (most recent call last):\n"
        "sys:1: RuntimeWarning: coroutine 'x' was never awaited\n"
    )
    assert len(list(gauge.unwanted(log))) == 3


@linux_only
async def test_honest_clients_that_are_turned_away_are_missed(
    tmp_path_factory: pytest.TempPathFactory, made: list[bytes]
) -> None:
    folder, tally = tmp_path_factory.mktemp("full"), Tally()
    with serve(folder, "--server", "uvicorn", STREAMER_MAX_SESSIONS="1") as full:
        site_ = Site("", full, "")
        visitor = Visitor(site_, made, tally)
        chance = random.Random(1)  # noqa: S311
        async with joined(site_.without_source()) as first:
            assert "hello" in str(await first.recv())
            await visitor.webcam(1, chance)
            await visitor.plain_webcam(1, chance)
            await visitor.mjpeg(1, chance)
    one, other, mjpeg = tally.missed
    assert "4013" in one
    assert "0 answers" in other
    assert "0 pictures" in mjpeg


def test_ages_are_told_by_share() -> None:
    tally = Tally()
    assert tally.age_ms(50) is None
    tally.aged(number / 1000 for number in range(1, 101))
    assert (tally.age_ms(50), tally.age_ms(95), tally.age_ms(100)) == (50, 95, 100)


# Beside honest webcams


def served(p95: float, sockets: int = WEBCAMS) -> Served:
    """Return fake figures."""
    return Served(200, 200, 5, p95, 5, p95, 1, 300, 1, sockets, 0, 20, 20, 0.1)


def test_who_suffers_from_a_hostile_client_is_told() -> None:
    figures = {QUIET: (20, 20), "one": (30, 20), "two": (31, 20), "three": (10, 19)}
    rows = rivals.with_ratios(
        [
            RivalRow("daphne", act, served(p95, sockets), Counter(), 0, int(p95 > 30) * 49 * MIB)
            for act, (p95, sockets) in figures.items()
        ]
    )
    two, three, memory = rivals.missed(rows)
    assert two == "daphne, two: p95 31 ms, 1.55 times that of before; 20 of 20 open"
    assert "19 of 20 open" in three
    assert memory == "daphne: memory grew by 49 MiB"


@linux_only
def test_each_hostile_thing_is_measured_beside_honest_webcams() -> None:
    console = Console(file=StringIO(), width=200)
    asked = ["--hostile", "--server", "uvicorn", "--seconds", "1", "--acts", "says nan"]
    command.main(asked, console)  # what it finds in so short a time says nothing
    told = console.file.getvalue()  # type: ignore[attr-defined]
    assert all(words in told for words in (QUIET, "says nan", " 4007"))


async def test_what_a_hostile_client_does_to_itself_is_told_in_a_word(
    server: RunningServer,
) -> None:
    target = Site("", server, "").target
    assert await attempt("says nan", target) == "4007"
    assert await attempt("vanishes", target) == "cut"
    assert "sends progressive" in ACTS


# The command


def test_the_status_tells_whether_anything_was_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    missed = ["memory: 1 MiB before, 99 after"]
    row = Row("daphne", 1, Tally(), Held(0, 0, 0), Held(0, 0, 0), 0, 0, missed)
    monkeypatch.setattr(command, "soak", lambda *_: [f"daphne: {each}" for each in row.missed])
    console = Console(file=StringIO())
    assert not command.main([], console)
    assert "missed: daphne: memory" in console.file.getvalue()  # type: ignore[attr-defined]
    monkeypatch.setattr(command, "soak", lambda *_: [])
    assert command.main([], console)


@pytest.mark.skipif(not shutil.which("make"), reason="there is no make")
def test_make_soak_goes_on_for_as_long_as_it_is_told() -> None:
    command_line = ["make", "--dry-run", "soak", "ARGS=--hours 8"]
    ran = subprocess.run(command_line, cwd=ROOT, capture_output=True, text=True, check=True)
    assert "-m soak --hours 8" in ran.stdout
