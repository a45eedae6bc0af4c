"""The moving picture that is measured on, at any width, and what can be made of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import cv2
import dlib
import numpy as np

from streamer.codec import encode
from streamer.types import Box, Image
from tests import footage

QUALITY = 70
"""Of the JPEGs that come in: the page's own default, and about that of webcams."""

SCENE_FRAMES = 25
"""Frames between two hard cuts: two and a half seconds of a webcam."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Clip:
    """A video file, or the person in a room of the tests where `file` is None.

    `count` frames of it are used at the most.
    """

    file: Path | None = None
    count: int = 120

    @property
    def name(self) -> str:
        return self.file.name if self.file else "a person in a room (scikit-image's astronaut)"

    def frames(self, width: int) -> Iterator[Image]:
        """Yield pictures of this width, (height, width, 3); ValueError where there are none."""
        pictures = self._read(self.file) if self.file else self._person()
        return (_resized(picture, width) for picture in pictures)

    def _person(self) -> Iterator[Image]:
        return footage.sway(self.count)

    def _read(self, file: Path) -> Iterator[Image]:
        video = cv2.VideoCapture(str(file))
        try:
            for number in range(self.count):
                there, picture = video.read()
                if not there:
                    if number == 0:
                        raise ValueError(f"Expected a video in {file}, came nothing OpenCV reads.")
                    return
                yield picture  # type: ignore[misc]
        finally:
            video.release()


def _resized(picture: Image, width: int) -> Image:
    """Return the picture at this width; from 1280 on no higher than 16:9, as cameras send it and
    as the largest frame that a server takes by default."""
    height = round(picture.shape[0] * width / picture.shape[1] / 2) * 2
    shrinks = width < picture.shape[1]
    how = cv2.INTER_AREA if shrinks else cv2.INTER_CUBIC
    scaled = cv2.resize(picture, (width, height), interpolation=how)
    most = width * 9 // 16 if width >= 1280 else height
    top = max(height - most, 0) // 2
    return scaled[top : top + most].copy()  # type: ignore[return-value]


def to_and_fro(items: Iterable[T]) -> list[T]:
    """Return the items forward, then backward: a loop without a jump."""
    forward = list(items)
    return forward + forward[::-1]


def jpegs(frames: Iterable[Image]) -> list[bytes]:
    """Return the frames as JPEGs that a webcam could send, as a loop without a jump."""
    return to_and_fro(encode(frame, QUALITY) for frame in frames)


def four_faces(frames: Sequence[Image]) -> Iterator[Image]:
    """Yield frames of the same size with the surroundings of the face in each quarter.

    The quarters show the face at its full size, each at another time of the clip.
    """
    height, width = (side // 2 for side in frames[0].shape[:2])
    left, top = _corner_around(_face(frames), width, height, frames[0])
    quarters = [frame[top : top + height, left : left + width] for frame in frames]
    step = len(frames) // 4
    for number in range(len(frames)):
        a, b, c, d = (quarters[(number + step * each) % len(frames)] for each in range(4))
        yield cv2.vconcat([cv2.hconcat([a, b]), cv2.hconcat([c, d])])  # type: ignore[misc]


def _face(frames: Sequence[Image]) -> Box:
    """Return the first face that dlib sees; the middle of the picture where it sees none."""
    detector = dlib.get_frontal_face_detector()
    for frame in frames[:: max(len(frames) // 8, 1)]:
        for face in detector(cv2.cvtColor(frame, cv2.COLOR_BGR2GRAY)):
            return Box(face.left(), face.top(), face.width(), face.height())
    height, width = frames[0].shape[:2]
    return Box(width // 2, height // 2, 0, 0)


def _corner_around(box: Box, width: int, height: int, frame: Image) -> tuple[int, int]:
    """Return the left top corner of a window of this size in the frame, with the box amid it."""
    left = min(max(box.x + box.w // 2 - width // 2, 0), frame.shape[1] - width)
    top = min(max(box.y + box.h // 2 - height // 2, 0), frame.shape[0] - height)
    return left, top


def moving_camera(frames: Iterable[Image]) -> Iterator[Image]:
    """Yield the frames as a camera in somebody's hand sees them: all of the picture changes."""
    for number, frame in enumerate(frames):
        height, width = frame.shape[:2]
        right, down = 0.06 * width * np.sin(number / 9), 0.06 * height * np.sin(number / 13)
        place = [[1.15, 0, right - 0.075 * width], [0, 1.15, down - 0.075 * height]]
        zoom = np.array(place, np.float32)
        yield cv2.warpAffine(frame, zoom, (width, height), borderMode=cv2.BORDER_REPLICATE)  # type: ignore[misc]


def hard_cuts(frames: Iterable[Image]) -> Iterator[Image]:
    """Yield the frames in scenes that nothing leads over to: as it is, mirrored, upside
    down, which has no face that looks upright, and from afar."""
    scenes = (_as_it_is, _mirrored, _upside_down, _from_afar)
    for number, frame in enumerate(frames):
        yield scenes[number // SCENE_FRAMES % len(scenes)](frame)


def _as_it_is(frame: Image) -> Image:
    return frame


def _mirrored(frame: Image) -> Image:
    return cv2.flip(frame, 1)  # type: ignore[return-value]


def _upside_down(frame: Image) -> Image:
    return cv2.flip(frame, 0)  # type: ignore[return-value]


def _from_afar(frame: Image) -> Image:
    """Return the picture at seven tenths of its size, at the bottom right of a grey wall."""
    height, width = frame.shape[:2]
    small = cv2.resize(frame, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    wall = frame.copy()
    wall[:] = 110
    wall[height - small.shape[0] :, width - small.shape[1] :] = small
    return wall
