"""Finds faces that look at the camera."""

from __future__ import annotations

from streamer import weights
from streamer.types import Box, Detections, Detector, Face, Frame


class FaceDetector(Detector):
    """dlib's frontal face detector over the whole frame: HOG features, a sliding window of 80
    pixels and an image pyramid, so that faces of 80 pixels and more are found.

    King, "Max-Margin Object Detection", 2015 (arXiv:1502.00046).
    """

    name = "faces"

    def load(self) -> None:
        weights.face_detector()

    def detect(self, frame: Frame, found: Detections) -> Detections:
        """Add every face. A box at the border may reach beyond the frame, as dlib's do."""
        rectangles = weights.face_detector()(frame.gray)
        return found.with_faces(
            Face(number, Box(rect.left(), rect.top(), rect.width(), rect.height()))
            for number, rect in enumerate(rectangles)
        )
