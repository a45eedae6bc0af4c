"""Says which parts of a picture are worth searching again: those that changed since they were."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer.types import Box, Image

SIDE = 80
"""Cells along the longer side of a picture; on 640 pixels a cell is 8, a tenth of a small face."""
CHANGE = 8
"""Grey levels by which the mean of a cell differs before it counts; the noise of a camera averages
out to a level or two over a cell."""
CUT = 0.5
"""Share of the cells that change from one picture to the next where the scene is another."""
JOIN = np.ones((3, 3), np.uint8)


class Change(NamedTuple):
    """A part of the frame that has changed; where in it is news, that is, what does not rest, and
    the share of the part that is."""

    box: Box
    news: Box
    share: float


class Attention:
    """Remembers each cell of the picture as it was when it was last searched.

    What changes a little at a time counts in the end, since it is compared with what was searched
    and not with the picture before.
    """

    def __init__(self) -> None:
        self._now: Image = np.zeros((1, 1), np.uint8)
        self._before: Image | None = None
        self._searched: Image = self._now
        self._tick = 0.0
        self._rests_since = np.zeros((1, 1))
        self._cell = (1.0, 1.0)
        self.cut = True

    def look(self, reduced: Image, width: int, tick: float) -> None:
        """Take the picture of this `tick`, grey and of any size; boxes are of one `width` pixels
        wide.

        Then `cut` says whether it shows another scene than the one before; the first one does.
        """
        height, across = reduced.shape
        share = SIDE / max(height, across)
        size = (max(1, round(across * share)), max(1, round(height * share)))
        self._now = cv2.resize(reduced, size, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        # Sides are rounded each for itself, so a cell of a narrow picture is no square.
        self._cell = (width / size[0], width * height / across / size[1])
        if self._before is None:
            self._searched = self._now.copy()
            self._rests_since = np.full(self._now.shape, -np.inf)
        else:
            moved = np.count_nonzero(_differ(self._now, self._before))
            self.cut = bool(moved > CUT * self._now.size)
        self._before = self._now
        self._tick = tick

    def changed(self, least: int, apart_from: Iterable[Box] = (), rest: float = 0) -> list[Change]:
        """Return the parts that have changed since they were searched.

        What is under `least` pixels wide or high waits until it has grown; what lies within
        `apart_from` is left out. A place rests for `rest` ticks once it was searched.
        """
        cells = _differ(self._now, self._searched)
        for box in apart_from:
            cells[self._cells(box)] = 0
        if not cells.any():
            return []
        count, labels = cv2.connectedComponents(cv2.dilate(cells, JOIN))
        rested = self._tick - self._rests_since >= rest
        found = []
        for number in range(1, count):  # the first is all that has not changed
            part = cells & (labels == number)
            news = part & rested
            box = self._around(part)
            if min(box.w, box.h) >= least:
                share = np.count_nonzero(news) / np.count_nonzero(part)
                found.append(Change(box, self._around(news), share))
        return found

    def searched(self, box: Box, rests: bool = True) -> None:
        """Note that this part is searched as it is now, and whether it rests from now on."""
        cells = self._cells(box)
        self._searched[cells] = self._now[cells]
        if rests:
            self._rests_since[cells] = self._tick

    def _around(self, cells: NDArray[np.uint8]) -> Box:
        """Return the box of the frame around the cells that are not 0; it is empty for none."""
        x, y, w, h = cv2.boundingRect(cells)
        across, down = self._cell
        left, top = round(x * across), round(y * down)
        return Box(left, top, round((x + w) * across) - left, round((y + h) * down) - top)

    def _cells(self, box: Box) -> tuple[slice, slice]:
        """Return the cells that a box of the frame covers."""
        height, width = self._now.shape
        across, down = self._cell
        left, right = round(box.x / across), round((box.x + box.w) / across)
        top, bottom = round(box.y / down), round((box.y + box.h) / down)
        return (
            slice(min(max(top, 0), height), min(max(bottom, 0), height)),
            slice(min(max(left, 0), width), min(max(right, 0), width)),
        )


def _differ(one: Image, other: Image) -> NDArray[np.uint8]:
    """Return 1 where two pictures differ, 0 elsewhere."""
    difference = cv2.absdiff(one, other)
    return cv2.threshold(difference, CHANGE, 1, cv2.THRESH_BINARY)[1]  # type: ignore[return-value]
