"""Faces, by real dlib on a real face."""

from concurrent.futures import ThreadPoolExecutor

import dlib
import numpy as np

from streamer.codec import ArrayFrame, JpegFrame
from streamer.detectors.faces import FaceDetector
from streamer.types import Box, Detections, Frame, Image
from tests import footage


def find(frame: Frame) -> list[Box]:
    found = FaceDetector().detect(frame, Detections((frame.width, frame.height))).faces
    assert found is not None
    return [face.box for face in found]


def test_the_face_is_where_it_is() -> None:
    for shot in footage.pan(6):
        assert max(footage.iou(shot.face, box) for box in find(ArrayFrame(shot.bgr))) > 0.7


def test_faces_are_dlibs_own_over_the_whole_frame() -> None:
    detector = dlib.get_frontal_face_detector()
    for shot in footage.pan(6):
        frame = ArrayFrame(shot.bgr)
        expected = [
            Box(rect.left(), rect.top(), rect.width(), rect.height())
            for rect in detector(frame.gray)
        ]
        assert find(frame) == expected


def test_all_faces_are_found_and_numbered() -> None:
    pair = np.hstack([footage.shot(dx=-100).bgr[:, :400], footage.shot(dx=-100).bgr[:, :400]])
    faces = FaceDetector().detect(ArrayFrame(pair), Detections((800, 480))).faces
    assert faces is not None
    assert len(faces) == 2
    assert [face.id for face in faces] == [0, 1]


def test_an_empty_room_has_no_face() -> None:
    assert find(ArrayFrame(np.full((480, 640, 3), 90, np.uint8))) == []


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
    image: Image = footage.shot(dx=-215, dy=0).bgr
    boxes = find(ArrayFrame(image))
    assert boxes
    assert abs(boxes[0].w - boxes[0].h) <= 1
