"""Finds 68 points of each face."""

from __future__ import annotations

from dataclasses import replace

import dlib
import numpy as np
from imutils import face_utils

from streamer import weights
from streamer.types import Detections, Detector, Face, Frame, Image, Landmarks

PARTS: dict[str, slice] = {
    name: slice(start, end) for name, (start, end) in face_utils.FACIAL_LANDMARKS_68_IDXS.items()
}
"""The points of each part: jaw, right_eyebrow, left_eyebrow, nose, right_eye, left_eye, mouth,
inner_mouth. Left is the left of the one whose face it is, as iBUG 300-W numbers them."""


class LandmarkDetector(Detector):
    """An ensemble of regression trees moves a mean face onto each face that was found.

    Kazemi and Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees",
    CVPR 2014.
    """

    name = "landmarks"
    reads_gray = True
    requires = ("faces",)

    def load(self) -> None:
        weights.shape_predictor()

    def detect(self, frame: Frame, found: Detections) -> Detections:
        """Add to each face its landmarks, (68, 2) int32."""
        faces = found.faces or ()
        return found.with_faces(
            replace(face, landmarks=self._landmarks(frame.gray, face)) for face in faces
        )

    def _landmarks(self, gray: Image, face: Face) -> Landmarks:
        x, y, w, h = face.box
        predict = weights.shape_predictor()
        shape = predict(gray, dlib.rectangle(x, y, x + w - 1, y + h - 1))
        return np.array([(point.x, point.y) for point in shape.parts()], np.int32)
