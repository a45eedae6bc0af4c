"""A camera that is drawn: to try everything without one, and to see age and gaps by its clock."""

from __future__ import annotations

import math
from datetime import datetime

import cv2
import numpy as np

from streamer.codec import ArrayFrame
from streamer.errors import SettingsError
from streamer.sources.pacing import Pace
from streamer.types import Frame, FrameSource, Image

WIDTH, HEIGHT = 640, 480
FPS = 30
LOOP = 20
"""Seconds after which the shapes are where they were."""

# Blue, green, red.
NIGHT, DAWN = (66, 38, 20), (142, 94, 44)
GRID, TEXT, DIM = (150, 108, 62), (255, 250, 245), (214, 186, 156)
SUN, MOON, TRACK = (74, 176, 255), (224, 214, 168), (168, 128, 84)

FONT = cv2.FONT_HERSHEY_DUPLEX
BALL = 36
DIAL = (320, 204, 118)
"""Middle and radius of the ring on which the moon goes round, once in 4 s."""
CLOCK = (180, 352)
COUNTER = (526, 48)
"""Top left corners of what is written."""


class PatternSource(FrameSource):
    """640x480 pixels, 30 frames a second, each another picture."""

    def __init__(self, spec: str = "pattern:") -> None:
        if spec.partition(":")[2]:
            raise SettingsError(
                "Expected pattern: with nothing behind it, came more. Leave it out."
            )

    def open(self) -> None:
        """Draw what does not move."""
        self._scene = _scene()
        self._large, self._small = Digits(1.4, 1, TEXT), Digits(0.6, 1, DIM)
        self._sun, self._moon = Disc(BALL, SUN), Disc(13, MOON)
        self._pace = Pace()
        self._number = 0

    def read(self) -> Frame:
        self._pace.wait(1 / FPS)
        self._number += 1
        return ArrayFrame(self.draw(self._number, datetime.now()))

    def close(self) -> None:
        pass

    def answers(self) -> bool:
        return True

    def draw(self, number: int, time: datetime) -> Image:
        """Return the picture of this number, (480, 640, 3) blue-green-red."""
        picture = self._scene.copy()
        turn = 2 * math.pi * number / (FPS * LOOP)
        self._sun.put(picture, 320 + 262 * math.sin(3 * turn), 222 + 118 * math.sin(4 * turn))
        x, y, radius = DIAL
        self._moon.put(picture, x + radius * math.sin(5 * turn), y - radius * math.cos(5 * turn))
        self._large.put(picture, f"{time:%H:%M:%S}.{time.microsecond // 1000:03}", *CLOCK)
        self._small.put(picture, f"{number % 1_000_000:06}", *COUNTER)
        return picture


class Digits:
    """Numerals that are drawn once and then copied."""

    def __init__(self, scale: float, thickness: int, color: tuple[int, int, int]) -> None:
        (width, height), base = cv2.getTextSize("0", FONT, scale, thickness)
        self._glyphs: dict[str, Image] = {}
        for sign in "0123456789:.":
            # Punctuation is narrower, and all numerals are as wide as each other.
            wide = width if sign.isdigit() else width // 2
            mask = np.zeros((height + base, wide), np.uint8)
            (own, _), _ = cv2.getTextSize(sign, FONT, scale, thickness)
            at = ((wide - own) // 2, height + thickness)
            cv2.putText(mask, sign, at, FONT, scale, 255, thickness, cv2.LINE_AA)
            self._glyphs[sign] = (mask[:, :, None] / 255 * np.array(color)).astype(np.uint8)

    def put(self, picture: Image, text: str, x: int, y: int) -> None:
        """Write numerals into the picture, in place; x and y are their top left corner."""
        line = np.hstack([self._glyphs[sign] for sign in text])
        place = picture[y : y + line.shape[0], x : x + line.shape[1]]
        cv2.max(place, line, place)


class Disc:
    """A round shape with a soft edge."""

    def __init__(self, radius: int, color: tuple[int, int, int]) -> None:
        self._side = 2 * radius + 4
        y, x = np.mgrid[: self._side, : self._side] - (self._side - 1) / 2
        self._color = np.full((self._side, self._side, 3), color, np.uint8)
        self._cover = np.clip(radius + 0.5 - np.hypot(x, y), 0, 1).astype(np.float32)
        self._rest = 1 - self._cover

    def put(self, picture: Image, x: float, y: float) -> None:
        """Draw it into the picture, in place, its middle at x, y."""
        left, top = round(x) - self._side // 2, round(y) - self._side // 2
        place = picture[top : top + self._side, left : left + self._side]
        cv2.blendLinear(self._color, place, self._cover, self._rest, place)


def _scene() -> Image:
    """Return what does not move: a sky, a grid, the ring and the words."""
    depth = np.linspace(0, 1, HEIGHT)[:, None, None]
    sky = np.array(NIGHT) * (1 - depth) + np.array(DAWN) * depth
    scene = np.broadcast_to(sky, (HEIGHT, WIDTH, 3)).astype(np.uint8)
    lines = scene.copy()
    for x in range(40, WIDTH, 40):
        cv2.line(lines, (x, 0), (x, HEIGHT), GRID)
    for y in range(40, HEIGHT, 40):
        cv2.line(lines, (0, y), (WIDTH, y), GRID)
    scene = cv2.addWeighted(scene, 0.75, lines, 0.25, 0)  # type: ignore[assignment]
    cv2.circle(scene, DIAL[:2], DIAL[2], TRACK, 2, cv2.LINE_AA)
    cv2.putText(scene, "VideoStream", (24, 64), FONT, 0.8, TEXT, 1, cv2.LINE_AA)
    cv2.putText(scene, "simulated camera", (25, 88), FONT, 0.5, DIM, 1, cv2.LINE_AA)
    return scene
