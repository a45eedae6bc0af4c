"""Twenty honest webcams, while one client does each hostile thing in turn."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
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

WEBCAMS, FPS, WIDTH = 20, 10, 640
MOST_RATIO = 1.5
"""The honest webcams' p95 age while somebody is hostile, to that while nobody is."""
MOST_GROWTH = 32 * MIB
"""What the server's memory may grow by in the whole run, for reasons of its own."""
QUIET = "nobody is hostile"
QUIET_EVERY = 8
"""Acts between two measurements of honest webcams alone: the machine changes too."""


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
    def is_fair(self) -> bool:
        """Tell whether the honest ones were served as if nobody were hostile."""
        is_slow = self.act != QUIET and (self.ratio or 0) > MOST_RATIO
        return self.served.open_sockets == WEBCAMS and not is_slow


async def measure_act(site: Site, act: str, plan: Plan, aside: Aside) -> RivalRow:
    """Return what honest webcams got while somebody did this over and over, or nothing."""
    ends: Counter[str] = Counter()
    rival = None if act == QUIET else asyncio.create_task(_keep_at(act, site, ends))
    before = site.server.memory
    seconds = load.WARM_UP_SECONDS + plan.seconds
    try:
        served = await asyncio.to_thread(aside.run, load.run, plan, seconds, f"{site.name}, {act}")
    finally:
        if rival:
            rival.cancel()
            await asyncio.wait([rival])
    return RivalRow(site.name, act, served, ends, before, site.server.memory)


async def _keep_at(act: str, site: Site, ends: Counter[str]) -> None:
    while True:
        start = time.monotonic()
        try:
            ends[await attempt(act, site)] += 1
        except TimeoutError:
            ends["goes on"] += 1
        # As often as somebody may come back here.
        await asyncio.sleep(max(60 / sites.HANDSHAKES - (time.monotonic() - start), 0))


def acts_in_turn(acts: Sequence[str]) -> Iterator[str]:
    """Yield the acts with measurements of honest webcams alone before, between and after."""
    for place, act in enumerate(acts):
        if place % QUIET_EVERY == 0:
            yield QUIET
        yield act
    yield QUIET


def measure(
    servers: Sequence[str], acts: Sequence[str], seconds: float, progress: Progress
) -> list[RivalRow]:
    """Measure each act at each server, for so many seconds."""
    count = load.pictures_needed(seconds, FPS)
    made = load.pictures(to_and_fro(Clip(count=60).frames(WIDTH)), count, QUALITY)
    aside = Aside("hostile", progress, load.use, made)
    rows: list[RivalRow] = []
    try:
        for name in servers:
            with sites.opened(name) as site:
                url = f"{site.server.socket}?detectors=motion"
                plan = Plan(url, site.server.process.pid, WEBCAMS, FPS, seconds, WIDTH)
                asyncio.run(measure_act(site, QUIET, plan, aside))  # all is loaded
                found = [
                    asyncio.run(measure_act(site, act, plan, aside)) for act in acts_in_turn(acts)
                ]
                rows += with_ratios(found)
                if lines := list(unwanted(site.server.log)):
                    raise RuntimeError(f"Expected a log without faults, came: {lines[0]}")
    finally:
        aside.close()
    return rows


def with_ratios(rows: Sequence[RivalRow]) -> list[RivalRow]:
    """Return the rows with the ratio of their p95 to that of honest webcams alone, the median."""
    alone = median(row.served.age_p95_ms or 0 for row in rows if row.act == QUIET)
    return [replace(row, ratio=(row.served.age_p95_ms or 0) / alone) for row in rows]


def missed(rows: Sequence[RivalRow]) -> list[str]:
    """Return what honest webcams suffered, and what was kept in memory."""
    told = [
        f"{row.server}, {row.act}: p95 {number(row.served.age_p95_ms)} ms, {row.ratio:.2f} times "
        f"that of before; {row.served.open_sockets} of {WEBCAMS} open"
        for row in rows
        if not row.is_fair
    ]
    for server in {row.server: None for row in rows}:
        of_it = [row for row in rows if row.server == server]
        if (grown := of_it[-1].after - of_it[0].before) > MOST_GROWTH:
            told.append(f"{server}: memory grew by {grown // MIB} MiB")
    return told


def table(rows: Sequence[RivalRow]) -> Table:
    """Return the rows as a table to be read."""
    return Table(
        f"{WEBCAMS} honest webcams, {FPS} frames a second, motion only, beside one hostile client",
        "back/s: frames answered, of all honest webcams. p50, p95: their age in ms. x: p95 to that "
        f"while nobody is hostile; meant: at most {MOST_RATIO:g}. open: honest sockets at the end. "
        "MiB: the server's memory, before and after. load: cores that the honest webcams took. "
        "ended: how often the hostile thing did, and how: by which code, or cut.",
        ["server", "act", "back/s", "p50", "p95", "x", "open", "MiB", "load", "ended"],
        [
            [
                row.server,
                row.act,
                number(row.served.answered_per_second, 1),
                number(row.served.age_p50_ms),
                number(row.served.age_p95_ms),
                number(row.ratio, 2),
                str(row.served.open_sockets),
                f"{row.before // MIB} {row.after // MIB}",
                number(row.served.load_cores, 2),
                ", ".join(f"{count} {code}" for code, count in row.ends.most_common(3)) or "-",
            ]
            for row in rows
        ],
    )
