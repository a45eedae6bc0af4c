"""One server with a crowd, and how it is afterwards."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from benchmarks import load
from benchmarks.clip import QUALITY, Clip, to_and_fro
from benchmarks.report import Table, number
from soak import crowd, gauge
from soak.crowd import LONGEST, Size
from soak.gauge import MIB, Allowance, Held
from soak.site import Site
from soak.tally import Tally
from soak.visits import FPS, WIDTH, Visitor

MOST_A_SESSION = 12 * MIB
"""Memory that each who is there may take, while it lasts."""
FEW = 4
"""How many must be there for their share to say something."""
WARM_UP_SECONDS = 20.0
STOP_SECONDS = 10.0

Say = Callable[[str], None]


@dataclass(frozen=True)
class Stay:
    """How long the crowd stays, in seconds, its seed and its size; what is allowed afterwards, and
    how often it is told meanwhile how things are."""

    seconds: float
    seed: str
    size: Size = field(default_factory=Size)
    warm_up: float = WARM_UP_SECONDS
    allowed: Allowance = field(default_factory=Allowance)
    settle: float = gauge.SETTLE_SECONDS
    told_every: float = 30.0


@dataclass(frozen=True)
class Row:
    """What came of it; memory in bytes. `missed` has what went wrong, and is empty where nothing
    did."""

    server: str
    seconds: float
    tally: Tally
    before: Held
    after: Held
    most_memory: int
    a_session: float
    missed: list[str]


def pictures() -> list[bytes]:
    """Return numbered pictures, for the longest visit."""
    count = int((LONGEST + 1) * FPS)
    return load.pictures(to_and_fro(Clip(count=60).frames(WIDTH)), count, QUALITY)


class Soak:
    """A crowd at one server."""

    def __init__(self, site: Site, stay: Stay, made: list[bytes], say: Say) -> None:
        self._site = site
        self._stay = stay
        self._made = made
        self._say = say
        self._most_memory = 0
        self._a_session = 0.0

    async def run(self) -> Row:
        """Have the crowd come and go, and look at what is left."""
        stay, server = self._stay, self._site.server
        warm_up, tally = Tally(), Tally()
        await self._crowd(warm_up, f"{stay.seed} warm-up", stay.warm_up)
        before = await gauge.at_rest(server, stay.settle)
        self._say(f"{self._site.name}: base line {_told(before)}")
        watching = asyncio.create_task(self._watch(tally, before))
        try:
            await self._crowd(tally, stay.seed, stay.seconds)
        finally:
            watching.cancel()
            await asyncio.wait([watching])
        after, left = await gauge.settled(server, before, stay.allowed, stay.settle)
        self._say(f"{self._site.name}: all have left, {_told(after)}")
        missed = [*warm_up.missed, *tally.missed, *left, *self._too_much(tally)]
        missed += await asyncio.to_thread(self._stopped)
        return Row(
            self._site.name, stay.seconds, tally, before, after,
            self._most_memory, self._a_session, missed,
        )  # fmt: skip

    async def _crowd(self, tally: Tally, seed: str, seconds: float) -> None:
        visitor = Visitor(self._site, self._made, tally)
        await crowd.run(visitor, self._stay.size, seed, seconds, tally)

    async def _watch(self, tally: Tally, before: Held) -> None:
        """Note how much memory is taken, and tell now and then how things are."""
        tell_at = time.monotonic() + self._stay.told_every
        while True:
            held = Held.by(self._site.server)
            self._most_memory = max(self._most_memory, held.memory)
            if tally.there >= FEW:
                share = (held.memory - before.memory) / tally.there
                self._a_session = max(self._a_session, share)
            if time.monotonic() >= tell_at:
                tell_at += self._stay.told_every
                self._say(f"{self._site.name}: {_progress(tally)}; {_told(held)}")
            await asyncio.sleep(0.5)

    def _too_much(self, tally: Tally) -> Iterator[str]:
        if self._a_session > MOST_A_SESSION:
            yield f"{self._a_session / MIB:.1f} MiB a session, at most {MOST_A_SESSION // MIB}"
        if not tally.answered or not tally.pictures:
            yield f"nobody was served: {_progress(tally)}"

    def _stopped(self) -> list[str]:
        """Stop the server, and return what it did not do well."""
        server = self._site.server
        if server.process.poll() is not None:
            return [f"the server went down: {server.log[-2000:]}"]
        server.process.terminate()
        start = time.monotonic()
        status = server.process.wait(4 * STOP_SECONDS)
        took = time.monotonic() - start
        missed = [f"log: {line}" for line in gauge.unwanted(server.log)]
        if status or took > STOP_SECONDS:
            missed.append(f"the server took {took:.1f} s to stop, with status {status}")
        return missed


def _progress(tally: Tally) -> str:
    return (
        f"{tally.there} there, {tally.visits.total()} have left; {tally.answered} of {tally.sent} "
        f"frames answered, p50 {number(tally.age_ms(50))} ms, p95 {number(tally.age_ms(95))} ms; "
        f"{len(tally.missed)} missed"
    )


def _told(held: Held) -> str:
    return f"{held.memory // MIB} MiB, {held.threads} threads, {held.files} files"


def table(rows: list[Row]) -> Table:
    """Return the rows as a table to be read."""
    return Table(
        "A server with webcams and viewers that come and go, some of them hostile",
        "visits: of honest clients. hostile: things that hostile clients did. sent, answered: "
        "frames of honest webcams; what comes too fast is dropped, the newest wins. p50, p95: age "
        "of an answer in ms. seen: pictures of all viewers. MiB each: memory beyond the base line "
        f"for each who is there, at its worst; meant: at most {MOST_A_SESSION // MIB}. MiB, "
        "threads, files: before, and after all have left. missed: what went wrong; meant: 0.",
        [
            *("server", "minutes", "visits", "hostile", "sent", "answered", "p50", "p95", "seen"),
            *("MiB each", "most MiB", "MiB", "threads", "files", "missed"),
        ],
        [
            [
                row.server,
                number(row.seconds / 60, 1),
                str(row.tally.visits.total() - row.tally.visits["stranger"]),
                str(row.tally.strange.total()),
                str(row.tally.sent),
                str(row.tally.answered),
                number(row.tally.age_ms(50)),
                number(row.tally.age_ms(95)),
                str(row.tally.pictures),
                number(row.a_session / MIB, 1),
                str(row.most_memory // MIB),
                f"{row.before.memory // MIB} {row.after.memory // MIB}",
                f"{row.before.threads} {row.after.threads}",
                f"{row.before.files} {row.after.files}",
                str(len(row.missed)),
            ]
            for row in rows
        ],
    )
