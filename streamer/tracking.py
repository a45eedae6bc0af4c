"""Follows a face from frame to frame by what it looks like."""

from __future__ import annotations

import cv2
import numpy as np

from streamer.types import Box, Frame, Image

PATCH_SIDE = 32
"""Side of a patch as it is compared, pixels."""
REACH = PATCH_SIDE // 4
"""How far it is looked for each way, in the same pixels: a quarter of its side."""

FRESH, LIKELY = 0.9, 0.5
"""Correlations under which a patch does not look as it did, and under which it may be anywhere."""
STILL = 0.02
"""Share of its side that a patch may move within its box: the box of a still face stands still."""
SLACK = 0.06
"""Share of its side by which a box may be off where the face is found, and too large or small: the
detector places a face to within a cell, a tenth of its window."""
SIZING = 0.3
"""Weight of a size that is found against the one before: the detector's are a fifth apart."""
STEADY = 0.6
"""Overlap with where the face is found under which its box goes there at once."""


class Patch:
    """What a square of a grey picture looked like, to be found again near where it was.

    Normalised cross-correlation, to a fraction of a pixel by a parabola through the best place and
    its neighbours: Lewis, "Fast Normalized Cross-Correlation", 1995.
    """

    def __init__(self, picture: Image, x: float, y: float, side: float) -> None:
        """Remember the square around x, y; pixels of the picture, as fine as they are known."""
        self._side = side
        self._template = self._cut(picture, x, y, 0)

    def find(self, picture: Image, x: float, y: float) -> tuple[float, float, float]:
        """Return how far from x, y the patch is now, in pixels, and the correlation there, up to 1.

        At the end of its reach it may be anywhere: the correlation is 0 then.
        """
        window = self._cut(picture, x, y, REACH)
        match = cv2.matchTemplate(window, self._template, cv2.TM_CCOEFF_NORMED)
        _, best, _, (column, row) = cv2.minMaxLoc(match)
        if not (0 < column < 2 * REACH and 0 < row < 2 * REACH):
            return 0.0, 0.0, 0.0
        right = column - REACH + _top(*match[row, column - 1 : column + 2])
        down = row - REACH + _top(*match[row - 1 : row + 2, column])
        return right * self._side / PATCH_SIDE, down * self._side / PATCH_SIDE, best

    def _cut(self, picture: Image, x: float, y: float, margin: int) -> Image:
        """Return the square and a margin; beyond the picture its border is repeated."""
        side = PATCH_SIDE + 2 * margin
        pixels = max(1, round(side * self._side / PATCH_SIDE))
        cut = cv2.getRectSubPix(picture, (pixels, pixels), (x - 0.5, y - 0.5))
        return cv2.resize(cut, (side, side), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]


class Track:
    """A face that is followed. Its box is square, as dlib's are, and steadier than those."""

    def __init__(self, id: int, box: Box, frame: Frame) -> None:  # noqa: A002, the wire's word
        self.id = id
        self.searched = 0
        """Frames since it was last searched for."""
        self.doubt = 0
        """Frames since it was last found as clearly as a new face has to be; 0 where it was."""
        self._x, self._y, self._side = _square(box)
        self._sure = 0.0
        self._patch = self._cut(frame)

    @property
    def box(self) -> Box:
        half, side = self._side / 2, round(self._side)
        return Box(round(self._x - half), round(self._y - half), side, side)

    def follow(self, frame: Frame) -> float:
        """Go where the patch has moved; returns the correlation there, up to 1."""
        scale = frame.reduction
        dx, dy, self._sure = self._patch.find(frame.reduced, self._x / scale, self._y / scale)
        if self._sure >= LIKELY:
            self._x += _beyond(dx * scale, STILL * self._side)
            self._y += _beyond(dy * scale, STILL * self._side)
        self.searched += 1
        self.doubt += bool(self.doubt)
        return self._sure

    def settle(self, box: Box, clear: bool, frame: Frame) -> None:
        """Go where a search has found the face, as far as it can tell; `clear` as a new face."""
        x, y, side = _square(box)
        if box.overlap(self.box) < STEADY:
            self._x, self._y, self._side = x, y, side
        self._x += _beyond(x - self._x, SLACK * side)
        self._y += _beyond(y - self._y, SLACK * side)
        self._side += SIZING * _beyond(side - self._side, SLACK * side)
        if self._sure < FRESH:
            self._patch = self._cut(frame)
        self.searched = 0
        self.doubt = 0 if clear else max(1, self.doubt)

    def _cut(self, frame: Frame) -> Patch:
        scale = frame.reduction
        return Patch(frame.reduced, self._x / scale, self._y / scale, self._side / scale)


def _square(box: Box) -> tuple[float, float, float]:
    """Return the centre of a box and its side."""
    return box.x + box.w / 2, box.y + box.h / 2, float(box.w)


def _beyond(difference: float, slack: float) -> float:
    """Return by how much a difference is more than the slack, with its sign."""
    return difference - max(-slack, min(difference, slack))


def _top(before: float, here: float, after: float) -> float:
    """Return where the parabola through three neighbours is highest, -0.5..0.5 from the middle."""
    bend = before - 2 * here + after
    return float(np.clip((before - after) / (2 * bend), -0.5, 0.5)) if bend else 0.0
