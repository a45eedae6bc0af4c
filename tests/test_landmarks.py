"""Landmarks, by real dlib on a real face."""

import dlib
import numpy as np
import pytest
from imutils import face_utils

from streamer import weights
from streamer.codec import ArrayFrame
from streamer.detectors import landmarks as module
from streamer.detectors.landmarks import PARTS, LandmarkDetector
from streamer.types import Box, Detections, Face, Image, Landmarks
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


def test_between_predictions_they_are_followed_as_exactly() -> None:
    """Within a hundredth of the face of what dlib says of each frame."""
    detector = LandmarkDetector()
    for shot in footage.pan(40):
        found = Detections((640, 480)).with_faces([Face(7, shot.face)])
        faces = detector.detect(ArrayFrame(shot.bgr), found).faces
        assert faces is not None
        points = faces[0].landmarks
        assert points is not None
        assert np.abs(points - landmarks(shot)).mean() < 0.015 * shot.face.w


@pytest.fixture
def predictions(monkeypatch: pytest.MonkeyPatch) -> list[Box]:
    """Return the faces whose points were predicted, as they come."""
    boxes: list[Box] = []
    predict = module.predict

    def noting(gray: Image, box: Box) -> module.Points:
        boxes.append(box)
        return predict(gray, box)

    monkeypatch.setattr(module, "predict", noting)
    return boxes


def show(detector: LandmarkDetector, *shots: footage.Shot, face: int = 0) -> None:
    for shot in shots:
        found = Detections((640, 480)).with_faces([Face(face, shot.face)])
        detector.detect(ArrayFrame(shot.bgr), found)


def test_one_frame_in_five_is_predicted(predictions: list[Box]) -> None:
    show(LandmarkDetector(), *footage.pan(20))
    assert 4 <= len(predictions) <= 5


def test_a_new_face_is_predicted_at_once(predictions: list[Box]) -> None:
    detector = LandmarkDetector()
    show(detector, footage.shot(), face=1)
    show(detector, footage.shot(), face=3)
    assert len(predictions) == 2


def test_what_cannot_be_followed_is_predicted(predictions: list[Box]) -> None:
    """The light changes, or the face has jumped."""
    start = footage.shot()
    dark = footage.Shot(start.bgr // 2, start.face)
    jumped = footage.shot(dx=60)
    for other in (dark, jumped):
        detector = LandmarkDetector()
        show(detector, start, start, face=1)
        predictions.clear()
        show(detector, other, face=1)
        assert len(predictions) == 1


def test_faces_are_not_all_predicted_in_the_same_frame(predictions: list[Box]) -> None:
    detector, shot = LandmarkDetector(), footage.shot()
    together = [Face(number, shot.face) for number in range(5)]
    counts = []
    for _ in range(10):
        predictions.clear()
        found = Detections((640, 480)).with_faces(together)
        detector.detect(ArrayFrame(shot.bgr), found)
        counts.append(len(predictions))
    assert counts == [5] + [1] * 9


def test_without_a_face_there_are_none() -> None:
    found = Detections((640, 480)).with_faces([])
    assert LandmarkDetector().detect(ArrayFrame(footage.shot().bgr), found).faces == ()


def test_a_face_beyond_the_border_is_no_trouble() -> None:
    shot = footage.shot(dx=-250)
    assert shot.face.x < 0
    assert landmarks(shot).shape == (68, 2)
