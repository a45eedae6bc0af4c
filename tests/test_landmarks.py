"""Landmarks, by real dlib on a real face."""

import dlib
import numpy as np
from imutils import face_utils

from streamer import weights
from streamer.codec import ArrayFrame
from streamer.detectors.landmarks import PARTS, LandmarkDetector
from streamer.types import Detections, Face, Landmarks
from tests import footage


def landmarks(shot: footage.Shot) -> Landmarks:
    found = Detections((640, 480)).with_faces([Face(0, shot.face)])
    faces = LandmarkDetector().detect(ArrayFrame(shot.bgr), found).faces
    assert faces is not None
    assert faces[0].landmarks is not None
    return faces[0].landmarks


def center(part: str, points: Landmarks) -> tuple[float, float]:
    x, y = points[PARTS[part]].mean(axis=0)
    return float(x), float(y)


def test_they_are_dlibs_own() -> None:
    shot = footage.shot()
    x, y, w, h = shot.face
    rect = dlib.rectangle(x, y, x + w - 1, y + h - 1)
    shape = weights.shape_predictor()(ArrayFrame(shot.bgr).gray, rect)
    assert np.array_equal(landmarks(shot), face_utils.shape_to_np(shape))


def test_left_is_the_left_of_the_one_whose_face_it_is() -> None:
    """She looks at the camera, so her left is at the right of the picture."""
    points = landmarks(footage.shot())
    for part in ("eye", "eyebrow"):
        assert center(f"left_{part}", points)[0] > center(f"right_{part}", points)[0]


def test_the_parts_are_where_a_face_has_them() -> None:
    points = landmarks(footage.shot())
    height = {part: center(part, points)[1] for part in PARTS}
    assert height["left_eyebrow"] < height["left_eye"] < height["nose"] < height["mouth"]
    assert points[PARTS["jaw"]][:, 1].max() > height["mouth"]
    left, right = (center(f"{side}_eye", points)[0] for side in ("left", "right"))
    assert right < center("nose", points)[0] < left


def test_every_point_belongs_to_a_part() -> None:
    named = {point for part in PARTS.values() for point in range(part.start, part.stop)}
    assert named == set(range(68))


def test_they_move_with_the_face() -> None:
    before, after = landmarks(footage.shot()), landmarks(footage.shot(dx=40, dy=15))
    assert np.abs((after - before).mean(axis=0) - (40, 15)).max() < 3


def test_without_a_face_there_are_none() -> None:
    found = Detections((640, 480)).with_faces([])
    assert LandmarkDetector().detect(ArrayFrame(footage.shot().bgr), found).faces == ()


def test_a_face_beyond_the_border_is_no_trouble() -> None:
    shot = footage.shot(dx=-250)
    assert shot.face.x < 0
    assert landmarks(shot).shape == (68, 2)
