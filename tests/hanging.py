"""Settings of a site whose detector hangs or is slow, as the width of a frame asks for."""

import sys
import threading
import time

import cv2
import numpy as np

from streamer.types import Detections, Detector, Frame
from VideoStream.settings import *  # noqa: F403

DEADLINE = 1.0

QUICK, WORKING, SLOW, HANGING, SPINNING = 64, 80, 96, 112, 128
"""Widths of frames. Slow ones take longer than they may, and come back before they count as hung;
spinning ones hang inside of a C++ library."""


class MoodyDetector(Detector):
    """Does what the width of a frame asks for."""

    name = "moody"

    def detect(self, frame: Frame, found: Detections) -> Detections:
        print(f"begun: {frame.width}", file=sys.stderr, flush=True)  # noqa: T201
        if frame.width == WORKING:
            for _ in range(30):
                time.sleep(DEADLINE / 100)
        elif frame.width == SLOW:
            time.sleep(1.5 * DEADLINE)
        elif frame.width == HANGING:
            threading.Event().wait()
        elif frame.width == SPINNING:
            image = np.zeros((2000, 2000, 3), np.uint8)
            while True:
                cv2.GaussianBlur(image, (31, 31), 5)
        return found.with_finding(self.name)


STREAMER = {
    "DETECTORS": ["tests.hanging.MoodyDetector"],
    "FRAME_DEADLINE": DEADLINE,
    "WORKERS": 2,
}
