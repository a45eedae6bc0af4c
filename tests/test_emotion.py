"""Emotion, by the real network on a real face."""

import importlib.util
import re
from pathlib import Path

import numpy as np
import pytest

from streamer.codec import ArrayFrame
from streamer.detectors.emotion import CLASSES, EmotionDetector, classify, crop, preprocess
from streamer.types import Box, Detections, Emotion, Face
from tests import footage


def emotions(shot: footage.Shot, *boxes: Box) -> list[Emotion | None]:
    found = Detections((640, 480)).with_faces(Face(0, box) for box in boxes)
    faces = EmotionDetector().detect(ArrayFrame(shot.bgr), found).faces
    assert faces is not None
    return [face.emotion for face in faces]


def test_a_smile_is_happy() -> None:
    shot = footage.shot()
    (emotion,) = emotions(shot, shot.face)
    assert emotion is not None
    assert emotion.label == "happy"
    assert emotion.confidence > 0.9


def test_all_seven_classes_have_a_score_and_they_sum_to_one() -> None:
    shot = footage.shot()
    (emotion,) = emotions(shot, shot.face)
    assert emotion is not None
    assert tuple(emotion.scores) == CLASSES
    assert sum(emotion.scores.values()) == pytest.approx(1, abs=1e-4)
    assert emotion.confidence == max(emotion.scores.values())


def test_the_input_is_scaled_as_the_network_was_trained() -> None:
    """With 0..1 in its place, calm faces read as sad."""
    black, white = preprocess(np.zeros((90, 80), np.uint8)), preprocess(np.full((9, 8), 255, "B"))
    assert black.shape == (1, 64, 64, 1)
    assert black.dtype == np.float32
    assert (black.min(), black.max(), white.min(), white.max()) == (-1, -1, 1, 1)


def test_each_face_has_its_own() -> None:
    shot = footage.shot()
    x, y, w, h = shot.face
    smile, suit = emotions(shot, shot.face, Box(x, y + 250, w, h))
    assert smile is not None
    assert suit is not None
    assert smile.scores != suit.scores


def test_a_face_beyond_the_border_is_looked_at_where_it_is_seen() -> None:
    gray = ArrayFrame(footage.shot().bgr).gray
    assert np.array_equal(crop(gray, Box(-20, -30, 100, 100)), gray[:70, :80])
    assert classify(crop(gray, Box(-200, 0, 100, 100))) is None


def test_the_classes_stand_in_the_order_of_the_networks_package() -> None:
    spec = importlib.util.find_spec("fer")
    assert spec
    assert spec.origin
    source = Path(spec.origin).with_name("fer.py").read_text()
    labels = dict(re.findall(r'^\s+(\d): "(\w+)",$', source, re.MULTILINE))
    assert tuple(labels[str(number)] for number in range(7)) == CLASSES
