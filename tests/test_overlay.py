"""What is drawn, where it may be, and where it may not."""

from dataclasses import replace
from datetime import datetime

import cv2
import numpy as np
import pytest

from streamer.codec import ArrayFrame
from streamer.detectors.landmarks import PARTS, LandmarkDetector
from streamer.overlay import (
    FACE,
    FEATURE,
    HULLS,
    MOTION,
    OTHER,
    RESERVED,
    TEXT,
    Caption,
    Pen,
    annotate,
)
from streamer.types import Box, Detections, Emotion, Face, Image, Labelled
from tests import footage

CAPTION = Caption(datetime(2026, 1, 2, 3, 4, 5), 1234, 14.8)
SIZES = [(64, 48), (160, 120), (320, 240), (240, 320), (640, 480), (1280, 720), (2048, 1025)]


def canvas(size: tuple[int, int] = (640, 480), level: int = 128) -> Image:
    return np.full((size[1], size[0], 3), level, np.uint8)


def pixels(scene: Image, color: tuple[int, int, int], tolerance: int = 40) -> Box:
    """Return the box around what has this colour."""
    mask = (cv2.absdiff(scene, np.full_like(scene, color)) <= tolerance).all(axis=2)
    return Box(*cv2.boundingRect(np.asarray(mask, np.uint8)))


def happy(box: Box) -> Face:
    return Face(0, box, emotion=Emotion("happy", 0.87, {"happy": 0.87}))


def test_the_motion_box_spans_all_regions() -> None:
    scene = canvas()
    regions = [Box(100, 100, 50, 50), Box(300, 250, 60, 70)]
    annotate(scene, Detections((640, 480)).with_motion(regions), CAPTION)
    assert pixels(scene, MOTION).overlap(Box(100, 100, 260, 220)) > 0.95


def test_a_face_has_brackets_at_its_corners_only() -> None:
    scene = canvas()
    annotate(scene, Detections((640, 480)).with_faces([Face(0, Box(200, 150, 120, 120))]), CAPTION)
    assert pixels(scene, FACE).overlap(Box(200, 150, 120, 120)) > 0.9
    assert tuple(scene[150, 260]) == (128, 128, 128)


def test_brows_eyes_and_mouth_are_outlined() -> None:
    shot = footage.shot()
    found = Detections((640, 480)).with_faces([Face(0, shot.face)])
    found = LandmarkDetector().detect(ArrayFrame(shot.bgr), found)
    assert found.faces is not None
    assert found.faces[0].landmarks is not None
    scene = canvas()
    annotate(scene, found, CAPTION)
    for part in HULLS:
        x, y, w, h = cv2.boundingRect(found.faces[0].landmarks[PARTS[part]])
        outline = pixels(scene[y - 1 : y + h + 1, x - 1 : x + w + 1], FEATURE, 90)
        assert outline.w >= 0.8 * w, part
        assert outline.h >= 0.5 * h, part


def test_boxes_of_anybodys_detector_are_drawn_with_their_labels() -> None:
    scene, bare = canvas(), canvas()
    box = Box(400, 300, 100, 80)
    found = Detections((640, 480)).with_finding("hands", [Labelled(box, "left hand", 0.6)])
    annotate(scene, found, CAPTION)
    annotate(bare, Detections((640, 480)), CAPTION)
    assert pixels(scene, OTHER).overlap(box) > 0.95
    label = scene[270:300, 400:560]
    assert (label != bare[270:300, 400:560]).any()
    assert pixels(label, TEXT, 10).w > 30


def test_all_is_drawn_at_the_scale_of_a_smaller_picture() -> None:
    scene = canvas((320, 240))
    annotate(scene, Detections((640, 480)).with_motion([Box(100, 100, 300, 200)]), CAPTION)
    assert pixels(scene, MOTION).overlap(Box(50, 50, 150, 100)) > 0.95


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", [0, 128, 255])
def test_the_reserved_corner_is_left_as_it_came(size: tuple[int, int], level: int) -> None:
    scene = canvas(size, level)
    width, height = size
    faces = [happy(Box(x, height - 60, 80, 80)) for x in range(-40, width, 50)]
    found = Detections(size).with_motion([Box(5, 5, width, height)]).with_faces(faces)
    annotate(scene, found, CAPTION)
    corner = scene[max(0, height - RESERVED[1]) :, max(0, width - RESERVED[0]) :]
    assert (corner == level).all()


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("level", [0, 255])
def test_text_is_inside_large_enough_and_has_contrast(size: tuple[int, int], level: int) -> None:
    scene = canvas(size, level)
    pen = Pen(scene, 1)
    pen.caption(CAPTION)
    written = pen.taken[1:]
    assert len(written) == 2 or size == (64, 48)
    for place in written:
        assert place.clipped(*size) == place
        ground = scene[place.y : place.y + place.h, place.x : place.x + place.w]
        text = pixels(ground, TEXT, 60)
        assert text.x > 0
        assert text.x + text.w < place.w
        assert text.y > 0
        assert text.y + text.h < place.h
        assert text.h >= 7
        assert ground.max() - np.median(ground) > 150


@pytest.mark.parametrize("size", SIZES)
def test_texts_never_cover_each_other(size: tuple[int, int]) -> None:
    pen = Pen(canvas(size), 1)
    pen.caption(CAPTION)
    for x in range(0, size[0], 15):
        pen.label(Box(x, 20, 60, 60), ("neutral 100%", "neutral"))
    for index, one in enumerate(pen.taken):
        for other in pen.taken[:index]:
            assert one.overlap(other) == 0


def test_the_emotion_is_by_its_face() -> None:
    pen = Pen(canvas(), 1)
    face = Box(300, 200, 100, 100)
    pen.label(face, ("happy 87%", "happy"))
    place = pen.taken[-1]
    assert place.x == face.x
    assert place.y + place.h == face.y


def test_nothing_found_leaves_the_middle_of_the_picture_alone() -> None:
    scene = canvas()
    annotate(scene, Detections((640, 480)).with_motion([]).with_faces([]), CAPTION)
    assert (scene[40:440] == 128).all()


def test_the_rate_and_the_number_are_written() -> None:
    scenes = []
    for caption in (CAPTION, replace(CAPTION, fps=29.9), replace(CAPTION, number=99)):
        scenes.append(canvas())
        annotate(scenes[-1], Detections((640, 480)), caption)
    assert (scenes[0] != scenes[1]).any()
    assert (scenes[0] != scenes[2]).any()


@pytest.mark.parametrize("size", [(16, 16), *SIZES])
@pytest.mark.parametrize(
    "label", ["a\nb\nc\nd\ne\nf", "\ud800", "x" * 5000, "", "\0", "手 ä é", "\t\r"]
)
def test_any_label_is_drawn_within_its_place(size: tuple[int, int], label: str) -> None:
    scene = canvas(size)
    width, height = size
    box = Box(width // 3, height // 3, width // 3, height // 3)
    annotate(scene, Detections(size).with_finding("own", [Labelled(box, label)]), CAPTION)
    corner = scene[max(0, height - RESERVED[1]) :, max(0, width - RESERVED[0]) :]
    assert (corner == 128).all()


def test_a_long_label_is_cut_and_not_left_out() -> None:
    pen = Pen(canvas(), 1)
    pen.label(Box(300, 200, 100, 100), ["a very long label " * 20])
    assert 200 < pen.taken[-1].w <= 340


def test_a_small_picture_has_number_and_rate_on_lines_of_their_own() -> None:
    pen = Pen(canvas((80, 120)), 1)
    pen.caption(CAPTION)
    assert len(pen.taken[1:]) == 3
