"""Twenty honest webcams, while one client does each hostile thing in turn."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from statistics import median

from rich.progress import Progress

from benchmarks import load
from benchmarks.aside import Aside
from benchmarks.clip import QUALITY, Clip, to_and_fro
from benchmarks.load import Plan, Served
from benchmarks.report import Table, number
from soak import site as sites
from soak.gauge import MIB, unwanted
from soak.site import Site
from soak.visits import attempt
from streamer.conf import Conf
from tests.hostile import Target

WEBCAMS, FPS, WIDTH = 20, 10, 640
MOST_RATIO = 1.5
"""The honest webcams' p95 age while somebody is hostile, to that while nobody is."""
MOST_GROWTH = 48 * MIB
"""What the server's memory may grow by from the first half of a run to the second, at the most of
each. In the first it grows by 70 until the allocator has what twenty webcams need."""
QUIET = "nobody is hostile"
QUIET_EVERY = 8
"""Acts between two measurements of honest webcams alone: the machine changes too."""
TRIES = 3
"""How often what is too slow is measured: somebody else may have used the machine."""
NICE = 19
"""The hostile client's priority: the lowest, as if it were on a machine of its own."""
PAUSE = 60 / Conf().HANDSHAKES_PER_MINUTE
"""Seconds from one hostile connection to the next: by default nobody is let in more often."""


@dataclass(frozen=True, slots=True)
class Rivalry:
    """What a hostile client does, to which server, how often, and for how long in seconds."""

    act: str
    target: Target
    pause: float
    seconds: float


@dataclass(frozen=True, slots=True)
class RivalRow:
    """An act and what the honest webcams got meanwhile; `ends` counts how it ended, by code. The
    memory is the server's in bytes, before and after."""

    server: str
    act: str
    served: Served
    ends: Counter[str]
    before: int
    after: int
    ratio: float | None = None

    @property
    def p95(self) -> float:
        return self.served.age_p95_ms or 0

    @property
    def is_fair(self) -> bool:
        """Tell whether the honest ones were served as if nobody were hostile."""
        is_slow = self.act != QUIET and (self.ratio or 0) > MOST_RATIO
        return self.served.open_sockets == WEBCAMS and not is_slow


def keep_at(rivalry: Rivalry) -> Counter[str]:
    """Do a hostile thing over and over, and return how it ended; in a process of its own."""
    return asyncio.run(_keep_at(rivalry))


async def _keep_at(rivalry: Rivalry) -> Counter[str]:
    ends: Counter[str] = Counter()
    try:
        async with asyncio.timeout(rivalry.seconds):
            while True:
                start = time.monotonic()
                ends[await attempt(rivalry.act, rivalry.target)] += 1
                await asyncio.sleep(max(rivalry.pause - (time.monotonic() - start), 0))
    except TimeoutError:
        return ends


class Rivals:
    """Has honest webcams and a hostile client at one server, each in a process of its own."""

    def __init__(self, seconds: float, pause: float, progress: Progress) -> None:
        """Each act goes on for so many seconds; `pause` is as in Rivalry."""
        count = load.pictures_needed(seconds, FPS)
        made = load.pictures(to_and_fro(Clip(count=60).frames(WIDTH)), count, QUALITY)
        self._seconds = seconds
        self._pause = pause
        self._aside = Aside("hostile", progress, load.use, made)
        anew = multiprocessing.get_context("spawn")
        self._rival = ProcessPoolExecutor(1, anew, initializer=os.nice, initargs=(NICE,))

    def close(self) -> None:
        self._aside.close()
        self._rival.shutdown()

    def run(self, site: Site, acts: Sequence[str]) -> list[RivalRow]:
        """Return what honest webcams got beside each act."""
        self._measure(site, QUIET)  # all is loaded
        rows: list[RivalRow] = []
        for act in in_turn(acts):
            row = self._measure(site, act)
            alone = [each.p95 for each in rows if each.act == QUIET]
            for _ in range(TRIES - 1):
                if act == QUIET or row.p95 <= MOST_RATIO * median(alone):
                    break
                again = self._measure(site, act)
                row = replace(min(row, again, key=lambda each: each.p95), before=row.before)
            rows.append(row)
        return with_ratios(rows)

    def _measure(self, site: Site, act: str) -> RivalRow:
        server, seconds = site.server, self._seconds
        url = f"{server.socket}?detectors=motion"
        plan = Plan(url, server.process.pid, WEBCAMS, FPS, seconds, WIDTH)
        lasts = load.WARM_UP_SECONDS + seconds
        before = server.memory
        rivalry = Rivalry(act, site.target, self._pause, lasts)
        running = None if act == QUIET else self._rival.submit(keep_at, rivalry)
        served = self._aside.run(load.run, plan, lasts, f"{site.name}, {act}")
        ends = running.result() if running else Counter()
        return RivalRow(site.name, act, served, ends, before, server.memory)


def in_turn(acts: Sequence[str]) -> Iterator[str]:
    """Yield the acts with measurements of honest webcams alone before, between and after."""
    for place, act in enumerate(acts):
        if place % QUIET_EVERY == 0:
            yield QUIET
        yield act
    yield QUIET


def measure(
    servers: Sequence[str], acts: Sequence[str], seconds: float, pause: float, progress: Progress
) -> list[RivalRow]:
    """Measure each act at each server; RuntimeError where the log then tells of a fault."""
    rivals = Rivals(seconds, pause, progress)
    rows: list[RivalRow] = []
    try:
        for name in servers:
            with sites.opened(name) as site:
                rows += rivals.run(site, acts)
                if lines := list(unwanted(site.server.log)):
                    raise RuntimeError(f"Expected a log without faults, came: {lines[0]}")
    finally:
        rivals.close()
    return rows


def with_ratios(rows: Sequence[RivalRow]) -> list[RivalRow]:
    """Return the rows with the ratio of their p95 to that of honest webcams alone, the median."""
    alone = median(row.p95 for row in rows if row.act == QUIET)
    return [replace(row, ratio=row.p95 / alone) for row in rows]


def missed(rows: Sequence[RivalRow]) -> list[str]:
    """Return what honest webcams suffered, and what was kept in memory."""
    told = [
        f"{row.server}, {row.act}: p95 {row.p95:.0f} ms, {row.ratio:.2f} times that of before; "
        f"{row.served.open_sockets} of {WEBCAMS} open"
        for row in rows
        if not row.is_fair
    ]
    for server in {row.server: None for row in rows}:
        held = [row.after for row in rows if row.server == server]
        half = len(held) // 2
        if (grown := max(held[half:]) - max(held[:half])) > MOST_GROWTH:
            told.append(f"{server}: memory grew by {grown // MIB} MiB")
    return told


def table(rows: Sequence[RivalRow]) -> Table:
    """Return the rows as a table to be read."""
    return Table(
        f"{WEBCAMS} honest webcams, {FPS} frames a second, motion only, beside one hostile client",
        "back/s: frames answered, of all honest webcams. p50, p95: their age in ms. x: p95 to that "
        f"while nobody is hostile; meant: at most {MOST_RATIO:g}; the least of {TRIES} where it is "
        "more. open: honest sockets at the end. MiB: the server's memory, before and after. load: "
        "cores that the honest webcams took. ended: how often the hostile thing did, and how: by "
        "which code, or cut.",
        ["server", "act", "back/s", "p50", "p95", "x", "open", "MiB", "load", "ended"],
        [
            [
                row.server,
                row.act,
                number(row.served.answered_per_second, 1),
                number(row.served.age_p50_ms, 1),
                number(row.served.age_p95_ms, 1),
                number(row.ratio, 2),
                str(row.served.open_sockets),
                f"{row.before // MIB} {row.after // MIB}",
                number(row.served.load_cores, 2),
                ", ".join(f"{count} {code}" for code, count in row.ends.most_common(3)) or "-",
            ]
            for row in rows
        ],
    )
