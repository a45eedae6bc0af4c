"""Faces, by real dlib on a real face that moves, comes and goes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor

import cv2
import dlib
import numpy as np
import pytest

from streamer.codec import ArrayFrame, JpegFrame
from streamer.detectors.faces import FaceDetector
from streamer.types import Box, Detections, Face, Frame, Image
from tests import footage
from tests.clock import Clock
from tests.footage import head, put, room

HALF_A_SECOND = 15
"""Frames, at 30 a second."""


def follow(pictures: Iterable[Image]) -> list[tuple[Face, ...]]:
    """Return what one detector finds in each of the pictures."""
    clock = Clock()
    detector = FaceDetector(clock)
    found = []
    for bgr in pictures:
        clock.now += 1 / 30
        frame = ArrayFrame(bgr)
        faces = detector.detect(frame, Detections((frame.width, frame.height))).faces
        assert faces is not None
        found.append(faces)
    return found


def whole(pictures: Iterable[Image]) -> list[list[Box]]:
    """Return what dlib finds in each whole picture."""
    detector = dlib.get_frontal_face_detector()
    return [
        [
            Box(rect.left(), rect.top(), rect.width(), rect.height())
            for rect in detector(ArrayFrame(bgr).gray)
        ]
        for bgr in pictures
    ]


def find(frame: Frame) -> list[Box]:
    found = FaceDetector().detect(frame, Detections((frame.width, frame.height))).faces
    assert found is not None
    return [face.box for face in found]


def walk_by(frames: int = 90) -> list[Image]:
    """Return a person who comes in from the left, and leaves on the right."""
    person = head()
    return [put(room(), person, -260 + round(900 * k / frames), 120) for k in range(frames)]


def cuts() -> list[Image]:
    """Return shots of 12 frames with hard cuts between them: near, far, left, right, nobody."""
    near = [footage.shot(dx=k / 2, dy=20).bgr for k in range(12)]
    far = [put(room(), head(), 340 + k, 200) for k in range(12)]
    left = [put(room()[:, ::-1], head(1.4), 10, 20 + k) for k in range(12)]
    nobody = [room()] * 12
    return near + far + left + nobody + far + near + nobody + left


def grow(frames: int = 60) -> list[Image]:
    """Return a person who comes nearer."""
    return [put(room(), head(1 + k / frames), 150, 30) for k in range(frames)]


def share(found: Sequence[tuple[Face, ...]], expected: Sequence[list[Box]]) -> float:
    """Return the share of dlib's faces that one of ours overlaps by half."""
    hits = [
        any(face.box.overlap(box) >= 0.5 for face in faces)
        for faces, boxes in zip(found, expected, strict=True)
        for box in boxes
    ]
    assert len(hits) > 20
    return sum(hits) / len(hits)


def extra(found: Sequence[tuple[Face, ...]], expected: Sequence[list[Box]]) -> float:
    """Return the share of ours that none of dlib's within five frames overlaps by half."""
    strays = [
        not any(
            face.box.overlap(box) >= 0.5
            for boxes in expected[max(0, number - 5) : number + 6]
            for box in boxes
        )
        for number, faces in enumerate(found)
        for face in faces
    ]
    return sum(strays) / len(strays)


@pytest.mark.parametrize("clip", [walk_by, cuts, grow, lambda: [s.bgr for s in footage.pan(90)]])
def test_faces_are_those_that_dlib_finds_over_whole_frames(clip: object) -> None:
    assert callable(clip)
    pictures = clip()
    found, expected = follow(pictures), whole(pictures)
    assert share(found, expected) >= 0.98
    assert extra(found, expected) <= 0.01


def test_the_first_frame_has_dlibs_own_boxes() -> None:
    for shot in footage.pan(6):
        (expected,) = whole([shot.bgr])
        ours = find(ArrayFrame(shot.bgr))
        assert len(ours) == len(expected) > 0
        for one, other in zip(ours, expected, strict=True):
            assert one == pytest.approx(other, abs=1)  # ours are square


def test_a_face_keeps_its_id_while_it_moves() -> None:
    ids = [{face.id for face in faces} for faces in follow(s.bgr for s in footage.pan(60))]
    assert ids == [{0}] * 60


def test_a_face_that_looks_away_for_a_moment_is_the_same_face() -> None:
    shot = footage.shot()
    hidden = shot.bgr.copy()
    x, y, w, h = shot.face
    hidden[y : y + h, x : x + w] = 128
    found = follow([shot.bgr] * 6 + [hidden] * 4 + [shot.bgr] * 6)
    assert found[8] == ()
    assert [face.id for face in found[-1]] == [0]


def test_a_face_that_is_gone_is_dropped_at_once() -> None:
    found = follow([footage.shot().bgr] * 5 + [room()] * 3)
    assert [len(faces) for faces in found] == [1] * 5 + [0] * 3


def test_a_new_face_is_found_within_half_a_second_beside_a_known_one() -> None:
    alone = put(room((960, 480)), head(), 40, 100)
    both = put(alone, head(), 600, 150)
    found = follow([alone] * 30 + [both] * HALF_A_SECOND)
    assert [face.id for face in found[29]] == [0]
    assert [face.id for face in found[-1]] == [0, 1]


def test_a_face_before_a_known_faces_body_is_found_within_half_a_second() -> None:
    alone = put(room(), head(), 180, 10)
    both = put(alone, head(), 230, 240)
    found = follow([alone] * 30 + [both] * HALF_A_SECOND)
    assert len(found[29]) == 1
    assert len(found[-1]) == 2


@pytest.mark.parametrize(
    ("zoom", "speed", "stops"), [(1.0, 15, 560), (1.5, 10, 500), (2.0, 20, 420)]
)
def test_somebody_who_walks_in_beside_a_known_face_is_found_within_half_a_second(
    zoom: float, speed: int, stops: int
) -> None:
    """Where they are seen a part at a time, and where they have stopped since."""
    pictures = []
    for step in range(60):
        scene = put(room((960, 540)), head(), 40, 60)
        pictures.append(put(scene, head(zoom), max(stops, 960 - speed * step), 60))
    found, expected = follow(pictures), whole(pictures)
    first = next(number for number, boxes in enumerate(expected) if len(boxes) == 2)
    assert len(found[first - 1]) == 1
    late = [len(faces) < 2 for faces in found[first:]].index(False)
    assert late < HALF_A_SECOND
    assert share(found[first + late :], expected[first + late :]) >= 0.98


def test_under_a_lamp_that_flickers_a_large_frame_is_searched_to_its_end() -> None:
    """More than half of the picture changes from each frame to the next."""
    still = put(room((1280, 720)), head(), 980, 490)
    flicker = [
        np.clip(still.astype(int) + 6 * (-1) ** k, 0, 255).astype(np.uint8) for k in range(9)
    ]
    assert any(face.box.x > 1000 for face in follow(flicker)[-1])


def test_two_faces_that_meet_never_become_one() -> None:
    """They pass each other so closely that their heads touch."""
    pictures = []
    for step in range(60):
        scene = put(room(), head(), -40 + 5 * step, 40)
        pictures.append(put(scene, cv2.flip(head(), 1)[20:], 420 - 5 * step, 175))  # type: ignore[arg-type]
    found, expected = follow(pictures), whole(pictures)
    assert sum(len(boxes) == 2 for boxes in expected) > 50
    for number, faces in enumerate(found):
        assert len(faces) == len(expected[number]), number
        assert {face.id for face in faces} <= {0, 1}
        for one in faces:
            for other in faces:
                assert one is other or one.box.overlap(other.box) < 0.3, number


def test_the_box_of_a_still_face_does_not_jump_as_dlibs_does() -> None:
    rng = np.random.default_rng(3)
    still = footage.shot().bgr
    noisy = [
        np.clip(still + rng.normal(0, 6, still.shape), 0, 255).astype(np.uint8) for _ in range(50)
    ]

    def movement(boxes: Sequence[Box]) -> float:
        return float(np.abs(np.diff(np.array(boxes), axis=0)).sum())

    settled = [faces[0].box for faces in follow(noisy)][30:]
    dlibs = [boxes[0] for boxes in whole(noisy[30:])]
    assert movement(settled) <= movement(dlibs)


def test_all_faces_are_found_and_numbered() -> None:
    pair = np.hstack([footage.shot(dx=-100).bgr[:, :400], footage.shot(dx=-100).bgr[:, :400]])
    faces = FaceDetector().detect(ArrayFrame(pair), Detections((800, 480))).faces
    assert faces is not None
    assert [face.id for face in faces] == [0, 1]


def test_an_empty_room_has_no_face() -> None:
    assert find(ArrayFrame(np.full((480, 640, 3), 90, np.uint8))) == []


def test_a_still_face_costs_a_fraction_of_whole_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted in pixels that dlib is given, which is what its time goes with."""
    from streamer import hog  # noqa: PLC0415

    pixels = 0
    look = hog.look

    def counting(gray: Image, search: hog.Search, threshold: float = 0.0) -> list[hog.Hit]:
        nonlocal pixels
        pixels += round(search.cost)
        return look(gray, search, threshold)

    monkeypatch.setattr("streamer.detectors.faces.look", counting)
    follow([footage.shot().bgr] * 60)
    assert pixels < 60 * 640 * 480 / 8


def test_threads_find_the_same_at_the_same_time() -> None:
    """A detector object that threads share crashes the process: each has its own."""

    def work(_: int) -> list[Box]:
        return find(JpegFrame(footage.jpeg()))

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(work, range(24)))
    assert found[0]
    assert all(boxes == found[0] for boxes in found)


def test_a_face_at_the_border_keeps_its_size() -> None:
    """The box reaches beyond the frame as dlib's does: landmarks are placed by it."""
    boxes = find(ArrayFrame(footage.shot(dx=-215, dy=0).bgr))
    assert boxes
    assert boxes[0].w == boxes[0].h
