"""Relays whose viewers a test asks, and whose frames it gives."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from streamer.pipeline import DetectorSpec
from streamer.pool import Pool
from streamer.relay import Relay
from streamer.stream import Picture, Status, Viewer
from streamer.types import FrameSource, State
from tests.cameras import (
    SECONDS,
    Device,
    camera_threads,
    relay_of,
)


@asynccontextmanager
async def relaying(
    make: Callable[[], FrameSource], pool: Pool, *specs: DetectorSpec, **options: Any
) -> AsyncIterator[Relay]:
    """Have a camera that closes soon after its last viewer; nothing is left of it."""
    before = asyncio.all_tasks()
    relay = relay_of(make, pool, *specs, **{"linger": 0.05} | options)
    try:
        yield relay
    finally:
        await relay.stop()
    assert not camera_threads()
    assert asyncio.all_tasks() == before


@asynccontextmanager
async def fake(
    device: Device, pool: Pool, *specs: DetectorSpec, **options: Any
) -> AsyncIterator[Relay]:
    async with relaying(device.make, pool, *specs, **options) as relay:
        try:
            yield relay
        finally:
            device.let_go()


async def news(viewer: Viewer) -> Status | Picture:
    async with asyncio.timeout(SECONDS):
        return await viewer.next()


async def shown(viewer: Viewer) -> Picture:
    """Return the next picture, whatever is told before."""
    while True:
        if isinstance(came := await news(viewer), Picture):
            return came


async def told(viewer: Viewer, state: State) -> Status:
    """Return the next status of this state, whatever comes before."""
    while True:
        came = await news(viewer)
        if isinstance(came, Status) and came.state is state:
            return came


def is_closed(relay: Relay) -> bool:
    return relay.stream.status.state is State.CLOSED


def is_over(relay: Relay) -> bool:
    return relay.stream.status.state is State.ENDED


async def turns() -> None:
    """Let the event loop do what is due."""
    for _ in range(20):
        await asyncio.sleep(0)


async def done(pool: Pool) -> None:
    """Wait until all that is in the pool is done: it has one thread."""
    with pool.share(30) as share:
        await share.run(lambda: None)
    await turns()
