"""The end of a server within the time that it has."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Collection, Coroutine
from typing import Any

from streamer import conf

logger = logging.getLogger(__name__)

LEAVE = 0.4
"""Until when, as a share of DRAIN_TIMEOUT, all who are here are told and cameras close."""
CUT = 0.5
"""Until when replies may go on."""
CANCEL = 0.7
"""Until when applications may end by themselves once their clients are gone."""
CLEAN = 0.8
"""Until when what was cancelled may end."""
LAST_RESORT = 0.9
"""When the process is ended whatever hangs, so that it is gone within DRAIN_TIMEOUT."""

HURRY_SECONDS = 0.5
"""What each step may take at the most after a second signal; the process ends after four of it."""


class Drain:
    """The time that a stop may take. Used on the event loop, but for `begin`."""

    def __init__(self) -> None:
        self.has_begun = False
        self._is_over = False
        self._hurries = asyncio.Event()

    def begin(self) -> None:
        """Note that the stop begins, and see to it that the process ends in time."""
        if self.has_begun:
            return
        self.has_begun = True
        self._begin = time.monotonic()
        self._seconds = conf.load().DRAIN_TIMEOUT
        self._end_process_in(self._seconds * LAST_RESORT)

    def left(self, share: float) -> float:
        """Return the seconds until this share of the time is over."""
        left = max(0.0, self._begin + share * self._seconds - time.monotonic())
        return min(left, HURRY_SECONDS) if self._hurries.is_set() else left

    def hurry(self) -> None:
        """Wait for nothing any more: somebody asked for the stop again."""
        if not self._hurries.is_set():
            self._hurries.set()
            self._end_process_in(4 * HURRY_SECONDS)

    def over(self) -> None:
        """Note that all was let go of: what is left are threads that nobody waits for."""
        self._is_over = True

    async def give(self, work: Coroutine[Any, Any, None], share: float) -> None:
        """Do some work, but give it up when its share of the time is over."""
        task = asyncio.ensure_future(work)
        await self.wait([task], share)
        if task.done():
            task.result()
        else:
            task.cancel()
            logger.warning("A step of the stop took too long and was given up: %s", work)

    async def wait(self, tasks: Collection[asyncio.Future[Any]], share: float) -> None:
        """Wait until all are done or their share of the time is over, whatever comes of them."""
        if not tasks:
            return
        ends: list[asyncio.Future[Any]] = [asyncio.ensure_future(asyncio.wait(tasks))]
        if not self._hurries.is_set():
            ends.append(asyncio.ensure_future(self._hurries.wait()))
        await asyncio.wait(ends, timeout=self.left(share), return_when=asyncio.FIRST_COMPLETED)
        if len(ends) > 1 and self._hurries.is_set():  # meanwhile
            await asyncio.wait(tasks, timeout=self.left(share))
        for end in ends:
            end.cancel()

    def _end_process_in(self, seconds: float) -> None:
        timer = threading.Timer(seconds, self._end_process)
        timer.daemon = True
        timer.start()

    def _end_process(self) -> None:
        """End the process. Its status is 0 where all was let go of and something hangs that nobody
        needs any more, such as a thread that waits for a database; 1 where visitors may not have
        been told, or cameras be open."""
        threads = ", ".join(each.name for each in threading.enumerate() if not each.daemon)
        logger.error(
            "The stop takes too long (DRAIN_TIMEOUT is %g s). The process is ended; threads that "
            "still ran: %s.",
            self._seconds,
            threads,
        )
        os._exit(0 if self._is_over else 1)
