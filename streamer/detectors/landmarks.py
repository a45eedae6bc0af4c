"""Finds 68 points of each face."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import dlib
import numpy as np
from imutils import face_utils
from numpy.typing import NDArray

from streamer import weights
from streamer.types import Box, Detections, Detector, Face, Frame, Image

PARTS: dict[str, slice] = {
    name: slice(start, end) for name, (start, end) in face_utils.FACIAL_LANDMARKS_68_IDXS.items()
}
"""The points of each part: jaw, right_eyebrow, left_eyebrow, nose, right_eye, left_eye, mouth,
inner_mouth. Left is the left of the one whose face it is, as iBUG 300-W numbers them."""

PREDICT = 5
"""The points of a face are predicted in every fifth frame; in between they are followed."""
MARGIN = 0.3
"""Share of the face around it that holds all of its points and where they may have moved."""
SMALLEST = 32
"""Pixels of the part of a face that is in the picture under which its points are not followed."""
WINDOW, LEVELS = (11, 11), 2
"""Pixels around a point that are compared, and how often the picture is halved before."""
MOST_DIFFERENT = 6.0
"""Grey levels by which a point may look different from before; the light may have changed."""
MOST_APART = 0.1
"""Share of the face by which points and box may disagree on how far it has moved."""
LEAST_FOLLOWED = 40
"""Points that have to be followed; the others move as those do."""

Points = NDArray[np.float32]
"""(68, 2): as fine as they are known."""


@dataclass(frozen=True, slots=True)
class Known:
    """A face in the frame before."""

    box: Box
    points: Points


class LandmarkDetector(Detector):
    """An ensemble of regression trees moves a mean face onto each face that was found; from there
    the points are followed by optical flow until it does so again.

    The trees reach over more memory for one face than caches hold, which makes them the dearest
    part of a frame; flow stays within one hundredth of a face of what they say.

    Kazemi and Sullivan, "One Millisecond Face Alignment with an Ensemble of Regression Trees",
    CVPR 2014. Bouguet, "Pyramidal Implementation of the Lucas Kanade Feature Tracker", 2000.
    """

    name = "landmarks"
    requires = ("faces",)
    reads_gray = True

    def __init__(self) -> None:
        self._count = 0
        self._known: dict[int, Known] = {}
        self._before: Image | None = None

    def load(self) -> None:
        weights.shape_predictor()

    def detect(self, frame: Frame, found: Detections) -> Detections:
        """Add to each face its landmarks, (68, 2) int32."""
        faces = found.faces or ()
        gray = frame.gray if faces else None
        known = {
            face.id: Known(face.box, self._points(gray, face)) for face in faces if gray is not None
        }
        self._known, self._before = known, gray
        self._count += 1
        return found.with_faces(
            replace(face, landmarks=np.rint(known[face.id].points).astype(np.int32))
            for face in faces
        )

    def _points(self, gray: Image, face: Face) -> Points:
        known = self._known.get(face.id)
        # Not all faces in the same frame: each has its own turn.
        if known is None or self._before is None or (self._count + face.id) % PREDICT == 0:
            return predict(gray, face.box)
        points = follow(self._before, gray, known.points, face.box)
        if points is None or _apart(points, known, face.box) > MOST_APART * face.box.w:
            return predict(gray, face.box)
        return points


def predict(gray: Image, box: Box) -> Points:
    """Return the landmarks of the face in the box, whole pixels."""
    x, y, w, h = box
    shape = weights.shape_predictor()(gray, dlib.rectangle(x, y, x + w - 1, y + h - 1))
    return np.array([(point.x, point.y) for point in shape.parts()], np.float32)


def follow(before: Image, gray: Image, points: Points, box: Box) -> Points | None:
    """Return where the points of the picture before are now; None where that cannot be told."""
    height, width = gray.shape
    x, y, w, h = box.grown(MARGIN).clipped(width, height)
    if min(w, h) < SMALLEST:
        return None
    part = slice(y, y + h), slice(x, x + w)
    start = points - np.array((x, y), np.float32)
    flow, followed, difference = cv2.calcOpticalFlowPyrLK(  # type: ignore[call-overload]
        before[part], gray[part], start, None, winSize=WINDOW, maxLevel=LEVELS
    )
    good = followed.ravel() == 1
    if good.sum() < LEAST_FOLLOWED or np.median(difference[good]) > MOST_DIFFERENT:
        return None
    moved: Points = flow - start
    moved[~good] = np.median(moved[good], axis=0)
    return points + moved


def _apart(points: Points, known: Known, box: Box) -> float:
    """Return by how many pixels the points and the box disagree on where the face has gone."""
    right, down = np.median(points - known.points, axis=0)
    moved_right = box.x + box.w / 2 - known.box.x - known.box.w / 2
    moved_down = box.y + box.h / 2 - known.box.y - known.box.h / 2
    return float(max(abs(right - moved_right), abs(down - moved_down)))
