"""What comes to no end until it is let go, and the time that passes meanwhile."""

from __future__ import annotations

import asyncio
import threading

from streamer.pool import Pool
from streamer.types import Detections, Detector, Frame
from tests.cameras import SECONDS
from tests.clock import Clock

DEADLINE = 1000.0
"""Seconds of the tests' clock; by the real one nobody looks while a test runs."""


class Hang:
    """Work that comes to no end until it is let go."""

    def __init__(self) -> None:
        self.begun = threading.Semaphore(0)
        self.opened = threading.Event()

    def __call__(self) -> str:
        self.begun.release()
        assert self.opened.wait(SECONDS)
        return "late"

    async def entered(self, count: int = 1) -> None:
        """Wait until so many threads have come here since this was last asked."""
        for _ in range(count):
            assert await asyncio.to_thread(self.begun.acquire, timeout=SECONDS)


class HangingDetector(Detector):
    """Hangs at dark frames, and finds something in others."""

    name = "hanging"

    def __init__(self, hang: Hang) -> None:
        self._hang = hang

    def detect(self, frame: Frame, found: Detections) -> Detections:
        if frame.gray[0, 0] < 10:
            self._hang()
        return found.with_finding(self.name)


class Deadline:
    """A pool whose frames are given up when a test says so."""

    def __init__(self, workers: int) -> None:
        self._clock = Clock()
        self.pool = Pool(workers, clock=self._clock, deadline=DEADLINE)

    async def pass_by(self, hang: Hang) -> None:
        """Wait until a thread hangs, then let as much time pass as it takes to give it up."""
        await hang.entered()
        before = self.pool.given_up
        while self.pool.given_up == before:
            self._clock.now += DEADLINE / 10
            self.pool._workers._look(asyncio.get_running_loop())
