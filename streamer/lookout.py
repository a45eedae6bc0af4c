"""Says where to look for new faces in the next frame, so that a face is found soon and no frame
pays for more than it must."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from streamer.attention import Attention
from streamer.hog import WINDOW, Search, plan
from streamer.rate import Every
from streamer.types import Box, Frame

URGENT = 800 * 600
"""Pixels that one frame is searched over where that cannot wait: some 20 ms."""
CALM = 400 * 320
"""The same beside known faces, or a quarter of the frame where that is more."""
LONELY, ACCOMPANIED = 1 / 2, 1 / 8
"""Shares of the frame that may be searched each frame in the long run, where nobody is known and
beside known faces."""
SAVINGS = 2
"""Frames' worth of pixels that a quiet scene saves up for a lively one."""
MARGIN = WINDOW // 2
"""Pixels around a change that are searched with it: a face may have moved in part only."""


class Lookout:
    """Holds what has been searched, what waits for its turn, and what may be spent.

    The whole frame is searched at once at the start, where the scene changes and where a face is
    lost. Otherwise what has changed since it was searched is: at once, but where it is a known
    face's own body every 12 frames or 0.4 s. What never changes looks as it did when it was
    searched; still, all is searched again every second, beside known faces every five.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds and never goes back."""
        self._attention = Attention()
        self._waiting: deque[Search] = deque()
        self._purse = 0.0
        self._bodies = Every(12, 0.4, clock)
        self._lonely = Every(30, 1.0, clock)
        self._accompanied = Every(150, 5.0, clock)

    def next(self, frame: Frame, faces: Sequence[Box], lost: bool) -> list[Search]:
        """Return what to search in this frame beside the known faces; `lost` says that one of
        them is gone since the frame before."""
        self._attention.look(frame.reduced, frame.width)
        whole = Box(0, 0, frame.width, frame.height)
        area = whole.w * whole.h
        for every in (self._bodies, self._lonely, self._accompanied):
            every.tick()
        if self._attention.cut or lost:
            self._waiting.clear()
            self._purse = area
            self._all(whole, URGENT)
            return self._take(URGENT)
        self._purse += area * (ACCOMPANIED if faces else LONELY)
        self._purse = min(self._purse, area * SAVINGS)
        budget = max(CALM, area // 4) if faces else URGENT
        if not self._waiting:
            if (self._accompanied if faces else self._lonely).due:
                self._all(whole, budget)
            else:
                self._changes(whole, faces, budget)
        return self._take(budget)

    def _all(self, whole: Box, budget: int) -> None:
        self._attention.searched(whole)
        self._waiting.extend(plan(whole, budget))
        for every in (self._bodies, self._lonely, self._accompanied):
            every.restart()

    def _changes(self, whole: Box, faces: Sequence[Box], budget: int) -> None:
        known = [face.grown(0.3) for face in faces]
        if self._bodies.due:
            self._bodies.restart()
        else:
            known += [body(face) for face in faces]
        for change in self._attention.changed(WINDOW // 2, known):
            part = change.grown(0, MARGIN).clipped(whole.w, whole.h)
            self._attention.searched(part)
            self._waiting.extend(plan(part, budget))

    def _take(self, budget: float) -> list[Search]:
        """Take what waits until this frame's budget is spent, but one search at least if the
        purse can pay."""
        taken: list[Search] = []
        while self._waiting and self._purse > 0:
            cost = self._waiting[0].cost
            if taken and cost > budget:
                break
            budget -= cost
            self._purse -= cost
            taken.append(self._waiting.popleft())
        return taken


def body(face: Box) -> Box:
    """Return where the body of a person with this face is, with arms held out."""
    return Box(face.x - 2 * face.w, face.y - face.h // 2, 5 * face.w, 9 * face.h)
