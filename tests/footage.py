"""Moving pictures of a real face whose place is known: scikit-image's astronaut, free to use."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import cv2
import numpy as np
import skimage.data

from streamer.codec import encode
from streamer.types import Box, Image

WIDTH, HEIGHT = 640, 480
FACE = Box(174, 74, 100, 104)
"""Where the face is in the picture of 512 x 512, from brow to chin."""


class Shot(NamedTuple):
    """A picture and where the face is in it."""

    bgr: Image
    face: Box


@cache
def astronaut() -> Image:
    """Return the picture as it is, (512, 512, 3) blue-green-red."""
    rgb: Image = skimage.data.astronaut()  # type: ignore[no-untyped-call, unused-ignore]
    return cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR)  # type: ignore[return-value]


def shot(
    dx: float = 0, dy: float = 0, zoom: float = 1.25, size: tuple[int, int] = (640, 480)
) -> Shot:
    """Return what a camera of this size sees that is moved by dx, dy pixels and zoomed in."""
    matrix = np.array([[zoom, 0, dx], [0, zoom, dy]], np.float32)
    bgr = cv2.warpAffine(astronaut(), matrix, size, borderMode=cv2.BORDER_REPLICATE)
    x, y, w, h = FACE
    face = Box(round(x * zoom + dx), round(y * zoom + dy), round(w * zoom), round(h * zoom))
    return Shot(bgr, face)  # type: ignore[arg-type]


def pan(count: int) -> Iterator[Shot]:
    """Yield pictures of a camera that swings slowly from left to right and back."""
    for number in range(count):
        phase = 2 * np.pi * number / count
        zoom = 1.4 + 0.04 * np.sin(phase)
        yield shot(dx=30 * np.sin(phase) - 35, dy=8 * np.cos(phase) - 20, zoom=zoom)


@cache
def jpeg(quality: int = 80) -> bytes:
    """Return the still shot as JPEG."""
    return encode(shot().bgr, quality)


def head(zoom: float = 1.0) -> Image:
    """Return head and shoulders; the face is about 92 pixels at zoom 1, 68 from the left."""
    cut = astronaut()[20:240, 100:360]
    return cv2.resize(cut, None, fx=zoom, fy=zoom)  # type: ignore[return-value]


def room(size: tuple[int, int] = (WIDTH, HEIGHT)) -> Image:
    """Return an empty room: the lower part of the picture, blurred."""
    lower = cv2.resize(astronaut()[300:], size)
    return cv2.GaussianBlur(lower, (0, 0), 6)  # type: ignore[return-value]


def put(scene: Image, person: Image, x: int, y: int) -> Image:
    """Return the scene with a person at x, y, as much of them as it holds."""
    scene = scene.copy()
    height, width = scene.shape[:2]
    left, right = max(0, x), min(width, x + person.shape[1])
    top, bottom = max(0, y), min(height, y + person.shape[0])
    if left < right and top < bottom:
        scene[top:bottom, left:right] = person[top - y : bottom - y, left - x : right - x]
    return scene


def sway(count: int) -> Iterator[Image]:
    """Yield pictures of a camera that stands still before a person who does not."""
    empty, person = room(), head(1.25)
    for number in range(count):
        phase = 2 * np.pi * number / count
        x, y = 150 + round(24 * np.sin(3 * phase)), 120 + round(8 * np.cos(5 * phase))
        yield put(empty, person, x, y)
