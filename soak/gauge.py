"""What the server holds: memory, threads, file handles; and what its log must not have."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from dataclasses import dataclass

from tests.server import RunningServer

MIB = 1 << 20
SETTLE_SECONDS = 60
"""How long the server may take to be as it was: what is half open is let go of within 45."""

UNWANTED = (
    "Traceback",
    "never retrieved",
    "never awaited",
    "was destroyed but it is pending",
    "Exception ignored",
    "ResourceWarning",
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a server holds: memory in bytes, threads, file handles."""

    memory: int
    threads: int
    files: int

    @staticmethod
    def by(server: RunningServer) -> Held:
        return Held(server.memory, server.threads, server.files)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a server may hold more than before for reasons of its own: memory that its allocator
    keeps, threads that Python starts when they are first needed."""

    memory: int = 32 * MIB
    threads: int = 4
    files: int = 4


def over(before: Held, now: Held, allowed: Allowance) -> Iterator[str]:
    """Yield what there is more than before and than is allowed."""
    if now.memory > before.memory + allowed.memory:
        yield f"memory: {before.memory // MIB} MiB before, {now.memory // MIB} after"
    for name in ("threads", "files"):
        was, left = getattr(before, name), getattr(now, name)
        if left > was + getattr(allowed, name):
            yield f"{name}: {was} before, {left} after"


async def settled(
    server: RunningServer, before: Held, allowed: Allowance, seconds: float = SETTLE_SECONDS
) -> tuple[Held, list[str]]:
    """Return what the server holds once it is as it was before, or after so many seconds; and what
    it holds too much of then."""
    until = time.monotonic() + seconds
    while True:
        held = Held.by(server)
        left = list(over(before, held, allowed))
        if not left or time.monotonic() > until:
            return held, left
        await asyncio.sleep(0.5)


async def at_rest(server: RunningServer, seconds: float = SETTLE_SECONDS) -> Held:
    """Return what the server holds once that has not grown less for three seconds."""
    until = time.monotonic() + seconds
    least, since = Held.by(server), time.monotonic()
    while time.monotonic() < until and time.monotonic() - since < 3:
        await asyncio.sleep(0.2)
        held = Held.by(server)
        if held.threads < least.threads or held.files < least.files:
            since = time.monotonic()
        least = held
    return least


def unwanted(log: str) -> Iterator[str]:
    """Yield the lines of a log that tell of a fault of ours."""
    for line in log.splitlines():
        if any(each in line for each in UNWANTED):
            yield line
