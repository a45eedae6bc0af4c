"""Finds what moves before a camera that stands still."""

from __future__ import annotations

import cv2
import imutils
import numpy as np
from numpy.typing import NDArray

from streamer.types import Box, Detections, Detector, Frame

NEIGHBOURS = np.ones((3, 3), np.uint8)


class MotionDetector(Detector):
    """Compares each frame with a running average of those before it.

    The average is weighted: a frame counts `accum_weight` and what was before it the rest, so that
    what stays becomes background, a lamp that was switched on too, in about 1 / `accum_weight`
    frames. What differs from it by more than `threshold` grey levels (of 255) moves. Blur, then
    two rounds of erosion, leave out the sensor's noise; dilation joins what belongs together.

    The first `frame_count` frames build the background: nothing is reported in them.
    """

    name = "motion"

    def __init__(
        self, accum_weight: float = 0.1, threshold: int = 25, frame_count: int = 32
    ) -> None:
        if not 0 < accum_weight <= 1:
            raise ValueError(f"expected an accum_weight above 0 and up to 1, came {accum_weight}")
        if not 0 < threshold < 255:
            raise ValueError(f"expected a threshold of 1 to 254 grey levels, came {threshold}")
        if frame_count < 1:
            raise ValueError(f"expected a frame_count of 1 or more, came {frame_count}")
        self._accum_weight = accum_weight
        self._threshold = threshold
        self._frame_count = frame_count
        self._background: NDArray[np.float32] | None = None
        self._seen = 0

    def detect(self, frame: Frame, found: Detections) -> Detections:
        """Add the regions that move; their union is the one region of all motion."""
        gray = cv2.GaussianBlur(frame.reduced, (7, 7), 0)
        if self._background is None or self._background.shape != gray.shape:
            self._background = gray.astype(np.float32)
            self._seen = 0
        regions = []
        if self._seen >= self._frame_count:
            difference = cv2.absdiff(gray, cv2.convertScaleAbs(self._background))
            regions = self._regions(difference, frame)
        cv2.accumulateWeighted(gray, self._background, self._accum_weight)
        self._seen += 1
        return found.with_motion(regions)

    def _regions(self, difference: cv2.typing.MatLike, frame: Frame) -> list[Box]:
        _, moving = cv2.threshold(difference, self._threshold, 255, cv2.THRESH_BINARY)
        moving = cv2.erode(moving, NEIGHBOURS, iterations=2)
        moving = cv2.dilate(moving, NEIGHBOURS, iterations=2)
        contours = imutils.grab_contours(
            cv2.findContours(moving, cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
        )
        boxes = (Box(*cv2.boundingRect(contour)) for contour in contours)
        return [box.scaled(frame.reduction).clipped(frame.width, frame.height) for box in boxes]
