"""dlib's HOG face detector over parts of a picture, at the scale that costs least."""

from __future__ import annotations

import math
from typing import NamedTuple

import cv2
import numpy as np

from streamer import weights
from streamer.types import Box, Image

WINDOW = 80
"""Side of the detector's window, pixels: it finds no smaller face."""
STEP = 5 / 6
"""Scale of each picture in the detector's pyramid against the one before."""
OVERLAP = 2 * WINDOW
"""Tiles share this many pixels: a face that no tile holds whole is found at half the scale."""


class Search(NamedTuple):
    """A part of the picture to look over, scaled by `factor` before."""

    region: Box
    factor: float = 1.0

    @classmethod
    def near(cls, box: Box, margin: float, enlarge: bool = False) -> Search:
        """Return the search for a face about as large as the box, near it: a share of its side
        away at most.

        A large face is scaled down to little more than the window, by steps of dlib's own pyramid:
        so boxes have the sizes that they have in the whole frame. A small one is scaled up to the
        window where `enlarge` says so.
        """
        steps = math.floor(math.log(max(box.w, WINDOW) / WINDOW) / -math.log(STEP))
        factor = WINDOW / box.w if enlarge and box.w < WINDOW else STEP**steps
        return cls(box.grown(margin), factor)

    @property
    def cost(self) -> float:
        """Pixels that are looked at: about 42 ns each."""
        return self.region.w * self.region.h * self.factor**2


class Hit(NamedTuple):
    """Where a face may be, and how far above its threshold of 0 the detector puts it."""

    box: Box
    score: float


def look(gray: Image, search: Search, threshold: float = 0.0) -> list[Hit]:
    """Return what scores `threshold` or more in a part of the picture, in its own pixels.

    A box at the border may reach beyond the picture, as dlib's do.
    """
    height, width = gray.shape
    x, y, w, h = search.region.clipped(width, height)
    if not (w and h):
        return []
    pixels, factor = gray[y : y + h, x : x + w], search.factor
    if factor != 1:
        pixels = cv2.resize(pixels, None, fx=factor, fy=factor, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
    detector = weights.face_detector()
    rectangles, scores, _ = detector.run(np.ascontiguousarray(pixels), 0, threshold)
    boxes = (
        Box(rect.left(), rect.top(), rect.width(), rect.height()).scaled(1 / factor)
        for rect in rectangles
    )
    return [
        Hit(Box(box.x + x, box.y + y, box.w, box.h), score)
        for box, score in zip(boxes, scores, strict=True)
    ]


def plan(region: Box, budget: int, factor: float = 1.0) -> list[Search]:
    """Return searches that together find each face in the region, of at most about `budget` pixels
    each: over all of it at a scale that fits, then over tiles at each larger scale."""
    whole = Search(region, factor)
    if whole.cost <= budget:
        return [whole]
    return plan(region, budget, factor / 2) + _tiles(whole, budget)


def _tiles(whole: Search, budget: int) -> list[Search]:
    """Return overlapping parts of equal size, in the grid that costs least within the budget."""
    region, factor = whole
    overlap = round(OVERLAP / factor)
    grids = []
    for columns in range(1, max(2, region.w // overlap + 1)):
        for rows in range(1, max(2, region.h // overlap + 1)):
            w = -(-(region.w + (columns - 1) * overlap) // columns)
            h = -(-(region.h + (rows - 1) * overlap) // rows)
            over = max(0.0, w * h * factor**2 - budget)
            grids.append((over, w * h * columns * rows, columns, rows, w, h))
    _, _, columns, rows, w, h = min(grids)
    return [
        Search(Box(region.x + column * (w - overlap), region.y + row * (h - overlap), w, h), factor)
        for row in range(rows)
        for column in range(columns)
    ]
