"""Settings of a site where much is broken, and what is broken names secrets."""

import os

from streamer.types import Detections, Detector, Frame
from VideoStream.settings import *  # noqa: F403

ROOT_URLCONF = "tests.broken_urls"


class BrokenDetector(Detector):
    """Fails with the address of a camera, as what looks for a picture elsewhere may."""

    name = "broken"

    def detect(self, frame: Frame, found: Detections) -> Detections:
        password = os.environ["CAMERA_PASSWORD"]
        raise OSError(f"cannot open rtsp://ann:{password}@127.0.0.1:9/live")


STREAMER = {
    "DETECTORS": ["streamer.detectors.motion.MotionDetector", "tests.broken.BrokenDetector"]
}
