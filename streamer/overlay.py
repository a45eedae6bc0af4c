"""Draws what was found into the picture that goes back."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

import cv2
import numpy as np

from streamer.detectors.landmarks import PARTS
from streamer.types import Box, Detections, Face, Image, Landmarks

# Blue, green, red.
MOTION, FACE, FEATURE, OTHER = (60, 60, 235), (80, 220, 120), (235, 200, 90), (50, 190, 250)
TEXT = (255, 255, 255)
SEMIBOLD = 600
HULLS = ("right_eyebrow", "left_eyebrow", "right_eye", "left_eye", "mouth")

RESERVED = (210, 20)
"""Width and height of the bottom right corner that is left as it came: programs that measure put
a number there."""

LONGEST_LABEL = 80
"""Characters of a label that are looked at."""
MIN_LABEL = 56
"""Width in pixels that a label may have on the smallest picture."""

_fonts = threading.local()


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written on each picture besides what was found in it."""

    time: datetime
    number: int
    fps: float


def annotate(scene: Image, detections: Detections, caption: Caption) -> None:
    """Draw the detections and the caption into `scene`, (height, width, 3), in place.

    The scene may be smaller than the frame that was looked at: all is drawn at its scale.
    """
    height, width = scene.shape[:2]
    corner = scene[max(height - RESERVED[1], 0) :, max(width - RESERVED[0], 0) :]
    as_it_came = corner.copy()
    pen = Pen(scene, width / detections.size[0])
    motion = Box.union(detections.motion or ())
    if motion:
        pen.rectangle(motion, MOTION)
    for face in detections.faces or ():
        pen.face(face)
    labelled = [each for found in detections.findings.values() for each in found.boxes]
    for each in labelled:
        pen.rectangle(each.box, OTHER)
    corner[:] = as_it_came

    pen.caption(caption)
    for face in detections.faces or ():
        if face.emotion:
            label, percent = face.emotion.label, f" {face.emotion.confidence:.0%}"
            pen.label(face.box, (label + percent, label))
    for each in labelled:
        pen.label(each.box, (f"{each.label} {each.confidence:.0%}", each.label))


@dataclass
class Pen:
    """Draws on one scene; boxes come in the frame's pixels and are drawn at the scene's scale."""

    scene: Image
    scale: float
    taken: list[Box] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.height, self.width = self.scene.shape[:2]
        side = min(self.height, self.width)
        self.thickness = max(1, round(side / 240))
        self.text_size = int(min(max(11, side * 0.032), 36))
        reserved_width, reserved_height = RESERVED
        self.taken.append(
            Box(self.width - reserved_width, self.height - reserved_height, *RESERVED)
        )

    def rectangle(self, box: Box, color: tuple[int, int, int]) -> None:
        x, y, w, h = box.scaled(self.scale)
        cv2.rectangle(self.scene, (x, y), (x + w - 1, y + h - 1), color, self.thickness)

    def face(self, face: Face) -> None:
        """Draw brackets at the corners of the face, and the hulls of brows, eyes and mouth."""
        box = face.box.scaled(self.scale)
        arm = min(box.w, box.h) // 5
        lefts, tops = (box.x, arm), (box.y, arm)
        rights, bottoms = (box.x + box.w - 1, -arm), (box.y + box.h - 1, -arm)
        brackets = [
            np.array([(x + dx, y), (x, y), (x, y + dy)], np.int32)
            for x, dx in (lefts, rights)
            for y, dy in (tops, bottoms)
        ]
        cv2.polylines(self.scene, brackets, False, FACE, self.thickness + 1)
        if face.landmarks is not None:
            self._hulls(face.landmarks)

    def _hulls(self, landmarks: Landmarks) -> None:
        points = np.round(landmarks * self.scale).astype(np.int32)
        hulls = [cv2.convexHull(points[PARTS[part]]) for part in HULLS]
        cv2.polylines(self.scene, hulls, True, FEATURE, max(1, self.thickness // 2), cv2.LINE_AA)

    def caption(self, caption: Caption) -> None:
        """Write the time at the bottom left, number and rate of the frames at the top left."""
        number, rate = f"#{caption.number}", f"{caption.fps:.1f} fps"
        if not self._write([f"{number}   {rate}"], [(0, 0)]):
            self._write([number], [(0, 0)])
            self._write([rate, f"{caption.fps:.0f} fps"], [(0, self._line_height)])
        bottom = (f"{caption.time:%Y-%m-%d %H:%M:%S}", f"{caption.time:%H:%M:%S}")
        far_down = self.height
        self._write(bottom, [(0, far_down), (0, far_down - RESERVED[1] - self._line_height)])

    def label(self, box: Box, texts: Sequence[str]) -> None:
        """Write the first of `texts` that fits by the box: above it, else below, else inside."""
        x, y, _, h = box.scaled(self.scale).clipped(self.width, self.height)
        line = self._line_height
        texts = [self._cut(text) for text in texts]
        self._write(texts, [(x, y - line), (x, y + h), (x, y), (x, y + line), (x, y - 2 * line)])

    @property
    def _line_height(self) -> int:
        return self.text_size * 3 // 2

    def _write(self, texts: Sequence[str], corners: Sequence[tuple[int, int]]) -> bool:
        """Write the longest text that fits into the scene at the first corner that is free.

        Returns False where there is no room for any: nothing is written then.
        """
        margin, line = self.text_size // 3, self._line_height
        for text in texts:
            width = self._width(text) + 2 * margin
            if width > self.width or line > self.height:
                continue
            for corner in corners:
                place = self._inside(Box(*corner, width, line))
                if not any(_overlap(place, other) for other in self.taken):
                    self._print(text, place, margin)
                    return True
        return False

    def _width(self, text: str) -> int:
        size = (self.width, self.height)
        return cv2.getTextSize(size, text, (0, 0), _font(), self.text_size, SEMIBOLD)[2]

    def _cut(self, text: str) -> str:
        """Return a text of anybody's as one that can be drawn, cut to half of the scene's width.

        OpenCV breaks lines at a newline, and crashes over half of a surrogate pair.
        """
        text = "".join(each if each.isprintable() else " " for each in text[:LONGEST_LABEL])
        most = max(self.width // 2, MIN_LABEL)
        if self._width(text) <= most:
            return text
        while text and self._width(text + "…") > most:
            text = text[:-1]
        return text + "…"

    def _inside(self, place: Box) -> Box:
        x = min(max(place.x, 0), self.width - place.w)
        y = min(max(place.y, 0), self.height - place.h)
        return place._replace(x=x, y=y)

    def _print(self, text: str, place: Box, margin: int) -> None:
        self.taken.append(place)
        ground = self.scene[place.y : place.y + place.h, place.x : place.x + place.w]
        np.right_shift(ground, 2, out=ground)  # dark enough for white on any picture
        origin = (place.x + margin, place.y + self.text_size + self.text_size // 10)
        cv2.putText(self.scene, text, origin, TEXT, _font(), self.text_size, SEMIBOLD)


def _overlap(one: Box, other: Box) -> bool:
    return (
        one.x < other.x + other.w
        and other.x < one.x + one.w
        and one.y < other.y + other.h
        and other.y < one.y + one.h
    )


def _font() -> cv2.FontFace:
    """Return this thread's font: one that threads share draws wrong letters."""
    if not hasattr(_fonts, "face"):
        _fonts.face = cv2.FontFace("sans")
    font: cv2.FontFace = _fonts.face
    return font
