"""Who comes and goes: so many of each kind at a time, for as long as chance has it."""

from __future__ import annotations

import asyncio
import random
import time
from dataclasses import dataclass

from websockets.exceptions import WebSocketException

from soak.tally import Tally
from soak.visits import Visit, Visitor

SHORTEST, LONGEST = 1.0, 15.0
"""Seconds of a visit."""
PAUSE = 2.0
"""Seconds until the next comes to a place that is free, at the most."""


@dataclass(frozen=True)
class Size:
    """How many there are of each kind at the most."""

    webcam: int = 3
    plain_webcam: int = 1
    viewer: int = 3
    mjpeg: int = 3
    reader: int = 1
    stranger: int = 2

    @property
    def total(self) -> int:
        return sum(vars(self).values())


async def run(visitor: Visitor, size: Size, seed: str, seconds: float, tally: Tally) -> None:
    """Have them come and go for so many seconds; then all are gone."""
    until = time.monotonic() + seconds
    async with asyncio.TaskGroup() as group:
        for kind, places in vars(size).items():
            for place in range(places):
                chance = random.Random(f"{seed} {kind} {place}")  # noqa: S311 - to be the same again
                visit: Visit = getattr(visitor, kind)
                group.create_task(_fill(visit, kind, chance, until, tally))


async def _fill(visit: Visit, kind: str, chance: random.Random, until: float, tally: Tally) -> None:
    """Have one after the other come to a place."""
    while (left := until - time.monotonic()) > 0:
        seconds = min(chance.uniform(SHORTEST, LONGEST), left)
        tally.there += 1
        try:
            await visit(seconds, chance)
        except (OSError, WebSocketException, EOFError) as error:
            tally.missed.append(f"a {kind}: {error!r}")
        finally:
            tally.there -= 1
        tally.visits[kind] += 1
        await asyncio.sleep(max(min(chance.uniform(0, PAUSE), until - time.monotonic()), 0))
