"""Says where to look for new faces in the next frame, so that a face is found soon and no frame
pays for more than it must."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence

from streamer.attention import Attention, Change
from streamer.hog import WINDOW, Search, plan
from streamer.types import Box, Frame

SECOND = 30
"""Ticks: a frame is one, and where fewer than 30 a second come it is more."""
REST = SECOND // 2
"""Ticks that a place rests once it was searched for a change, beside known faces."""
LONELY, ACCOMPANIED = SECOND, 10 * SECOND
"""Ticks after which all is searched again: where nobody is known, and beside known faces."""

URGENT = 800 * 600
"""Pixels that one frame is searched over where that cannot wait: some 20 ms."""
CALM = 400 * 320
"""The same beside known faces, or a quarter of the frame where that is more."""
INCOME_LONELY, INCOME_ACCOMPANIED = 1 / 2, 1 / 8
"""Shares of the frame that may be searched each frame in the long run; the latter is all of it, a
part at a time, in half a second."""
SAVINGS = 2
"""Frames' worth of pixels that a quiet scene saves up for a lively one."""

LEAST = WINDOW * 9 // 10
"""Pixels of the smaller side of a change under which it is no new face."""
FRESH = WINDOW * 3 // 10
"""Pixels of it that have to be new where all of it would else rest: somebody walks on."""
MARGIN = WINDOW // 4
"""Pixels around a change that are searched with it: a face may have moved in part only."""


class Lookout:
    """Holds what has been searched, what waits for its turn, and what may be spent.

    The whole frame is searched at the start, where the scene changes and where a face is lost: at
    once, or as fast as a large frame allows. Otherwise what has changed since it was searched is,
    beside known faces each place twice a second at the most, but for somebody who walks on: hands
    that move do not hide a new face, nor cost as much as one. What never changes looks as it did
    when it was searched; still, all is searched again now and then.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds and never goes back."""
        self._clock = clock
        self._time = clock()
        self._tick = 0.0
        self._whole_at = 0.0
        self._attention = Attention()
        self._waiting: deque[Search] = deque()
        self._sweeping = False
        self._was_cut = False
        self._purse = 0.0

    def next(self, frame: Frame, faces: Sequence[Box], lost: bool) -> list[Search]:
        """Return what to search in this frame beside the known faces; `lost` says that one of
        them is gone since the frame before."""
        self._pass_time()
        self._attention.look(frame.reduced, frame.width, self._tick)
        whole = Box(0, 0, frame.width, frame.height)
        area = whole.w * whole.h
        if lost or self._new_scene():
            self._purse = max(self._purse, area)
            if not self._sweeping:  # else the last parts of a large frame would never be searched
                self._waiting.clear()
                self._add_all(whole, URGENT)
            return self._take(URGENT)
        income = INCOME_ACCOMPANIED if faces else INCOME_LONELY
        self._purse = min(self._purse + area * income, area * SAVINGS)
        budget = max(CALM, area // 4) if faces else URGENT
        if not self._waiting:
            period = ACCOMPANIED if faces else LONELY
            if self._attention.cut or self._tick - self._whole_at >= period:
                self._add_all(whole, budget)
            else:
                self._add_changes(whole, faces, budget)
        return self._take(budget)

    def _pass_time(self) -> None:
        before, self._time = self._time, self._clock()
        self._tick += max(1.0, (self._time - before) * SECOND)

    def _new_scene(self) -> bool:
        """Tell whether the scene is another than in the frame before. Where it changes in every
        frame the camera moves, or the lamp flickers: that is no reason to hurry."""
        before, self._was_cut = self._was_cut, self._attention.cut
        return self._was_cut and not before

    def _add_all(self, whole: Box, budget: int) -> None:
        self._whole_at = self._tick
        self._sweeping = True
        self._attention.searched(whole, rests=False)
        self._waiting.extend(plan(whole, budget))

    def _add_changes(self, whole: Box, faces: Sequence[Box], budget: int) -> None:
        known = [face.grown(0.3) for face in faces]
        self._sweeping = False
        changes = self._attention.changed(LEAST, known, REST if faces else 0)
        parts = [
            change.box.grown(0, MARGIN).clipped(whole.w, whole.h)
            for change in changes
            if is_due(change, faces)
        ]
        for part in merged(parts):
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
        self._sweeping &= bool(self._waiting)
        return taken


def is_due(change: Change, faces: Sequence[Box]) -> bool:
    """Tell whether a change is to be searched: who walks on at once, though a part of where they
    are rests; the body of a known face when half of it has rested."""
    x, y = change.box.x + change.box.w / 2, change.box.y + change.box.h / 2
    for face in faces:
        if abs(x - face.x - face.w / 2) < 2 * face.w and -face.h < y - face.y < 8 * face.h:
            return change.share >= 0.5
    return min(change.news.w, change.news.h) >= FRESH


def merged(boxes: Sequence[Box]) -> list[Box]:
    """Return boxes that hold these; two of which one can hold both and be no larger are one."""
    left = list(boxes)
    done: list[Box] = []
    while left:
        box = left.pop()
        for other in left:
            both = Box.union([box, other])
            if both and both.w * both.h <= box.w * box.h + other.w * other.h:
                left.remove(other)
                left.append(both)
                break
        else:
            done.append(box)
    return done
