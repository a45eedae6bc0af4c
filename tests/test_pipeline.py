"""A frame's way from JPEG to JPEG."""

import sys
import time

import numpy as np
import pytest

from streamer.codec import ArrayFrame, JpegFrame, encode
from streamer.detectors.emotion import EmotionDetector
from streamer.detectors.faces import FaceDetector
from streamer.detectors.landmarks import LandmarkDetector
from streamer.detectors.motion import MotionDetector
from streamer.errors import FrameError
from streamer.pipeline import DetectorSpec, Pipeline, with_required
from streamer.types import Box, Detections, Detector, Frame, Image, Labelled, PictureForm
from tests import footage

SPECS = [
    DetectorSpec(MotionDetector, {"frame_count": 2}),
    DetectorSpec(FaceDetector),
    DetectorSpec(LandmarkDetector),
    DetectorSpec(EmotionDetector),
]
ALL = ("motion", "faces", "landmarks", "emotion")


class CountDetector(Detector):
    """Somebody's own: counts the frames it has seen."""

    name = "count"

    def __init__(self, start: int = 0) -> None:
        self.seen = start

    def detect(self, frame: Frame, found: Detections) -> Detections:
        self.seen += 1
        return found.with_finding(self.name, [Labelled(Box(9, 9, 9, 9), "x")], seen=self.seen)


def seen(pipeline: Pipeline, frame: Frame, names: tuple[str, ...] = ("count",)) -> int:
    result = pipeline.process(frame, names)
    return int(result.detections.findings["count"].data["seen"])


def frame(size: tuple[int, int] = (640, 480)) -> Frame:
    return ArrayFrame(footage.shot(size=size).bgr)


def test_everything_is_found_and_drawn() -> None:
    pipeline = Pipeline(SPECS)
    result = pipeline.process(JpegFrame(footage.jpeg()), ALL, PictureForm())
    assert result.detections.motion == ()
    assert result.detections.faces
    face = result.detections.faces[0]
    assert face.landmarks is not None
    assert face.emotion is not None
    assert face.emotion.label == "happy"
    assert JpegFrame(result.jpegs[PictureForm()]).bgr.shape == (480, 640, 3)


def test_without_a_picture_nothing_is_encoded_or_drawn() -> None:
    result = Pipeline(SPECS).process(JpegFrame(footage.jpeg()), ALL)
    assert result.jpegs == {}
    assert result.detections.faces


def test_only_detectors_that_are_on_run() -> None:
    detections = Pipeline(SPECS).process(frame(), ("motion",)).detections
    assert detections.motion == ()
    assert detections.faces is None


@pytest.mark.parametrize(
    ("width", "expected"), [(320, (240, 320)), (None, (480, 640)), (1280, (480, 640))]
)
def test_pictures_are_scaled_down_never_up_and_keep_their_shape(
    width: int | None, expected: tuple[int, int]
) -> None:
    result = Pipeline(SPECS).process(frame(), (), PictureForm(width=width))
    (jpeg,) = result.jpegs.values()
    assert JpegFrame(jpeg).gray.shape == expected


def test_quality_is_that_of_the_returned_picture() -> None:
    sizes = []
    for quality in (20, 90):
        result = Pipeline(SPECS).process(frame(), (), PictureForm(quality))
        sizes += [len(jpeg) for jpeg in result.jpegs.values()]
    assert sizes[0] < sizes[1] / 3


def test_a_detector_of_ones_own_keeps_its_state_between_frames() -> None:
    pipeline = Pipeline([DetectorSpec(CountDetector, {"start": 10})])
    assert [seen(pipeline, frame()) for _ in range(3)] == [11, 12, 13]


def test_state_is_of_one_pipeline_alone() -> None:
    spec = DetectorSpec(CountDetector)
    first, second = Pipeline([spec]), Pipeline([spec])
    seen(first, frame())
    assert seen(second, frame()) == 1


def test_a_frame_of_another_size_starts_all_state_anew() -> None:
    pipeline = Pipeline([DetectorSpec(CountDetector)])
    seen(pipeline, frame())
    assert seen(pipeline, frame((480, 640))) == 1


def test_a_detector_that_was_off_starts_anew_and_the_others_go_on() -> None:
    pipeline = Pipeline([*SPECS, DetectorSpec(CountDetector)])
    seen(pipeline, frame(), ("motion", "count"))
    assert seen(pipeline, frame()) == 2
    pipeline.process(frame(), ())
    assert seen(pipeline, frame()) == 1


def test_the_time_told_is_the_time_spent() -> None:
    class SlowDetector(CountDetector):
        def detect(self, frame: Frame, found: Detections) -> Detections:
            time.sleep(0.05)
            return found

    pipeline = Pipeline([DetectorSpec(SlowDetector)])
    start = time.perf_counter()
    ms = pipeline.process(JpegFrame(footage.jpeg()), ("count",), PictureForm()).ms
    spent = (time.perf_counter() - start) * 1e3
    assert ms.detect >= 50
    assert ms.decode > 0
    assert ms.draw > 0
    assert ms.encode > 0
    assert ms.decode + ms.detect + ms.draw + ms.encode == pytest.approx(spent, rel=0.1)


def test_a_damaged_frame_is_told_as_one() -> None:
    jpeg = footage.jpeg()
    with pytest.raises(FrameError, match="damaged"):
        Pipeline(SPECS).process(JpegFrame(jpeg[:9000] + jpeg[-2:]), ALL)


@pytest.mark.parametrize(
    ("asked", "runs"),
    [
        (["emotion"], ("faces", "emotion")),
        (["landmarks", "motion"], ("motion", "faces", "landmarks")),
        ([], ()),
        (reversed(ALL), ALL),
    ],
)
def test_asking_for_one_brings_what_it_requires(asked: list[str], runs: tuple[str, ...]) -> None:
    assert with_required(asked, SPECS) == runs


def test_an_unknown_detector_is_named_with_those_that_there_are() -> None:
    with pytest.raises(ValueError, match="among motion, faces, landmarks, emotion; came 'hands'"):
        with_required(["hands"], SPECS)


def test_the_frame_that_came_is_not_stretched() -> None:
    """A circle stays one at any size."""
    image = np.zeros((480, 848, 3), np.uint8)
    image[140:340, 324:524] = 255
    result = Pipeline([]).process(ArrayFrame(image), (), PictureForm(95, 424))
    (jpeg,) = result.jpegs.values()
    white = JpegFrame(jpeg).gray[50:190] > 128
    assert white.any(axis=0).sum() == pytest.approx(white.any(axis=1).sum(), abs=2)


@pytest.mark.parametrize(("size", "width"), [((2048, 100), 16), ((2048, 16), 100), ((16, 16), 16)])
def test_a_thin_frame_comes_back_however_small_it_is_wanted(
    size: tuple[int, int], width: int
) -> None:
    result = Pipeline(SPECS).process(frame(size), ALL, PictureForm(width=width))
    assert all(result.jpegs.values())


def test_what_is_found_does_not_depend_on_whether_a_picture_goes_back() -> None:
    for shot in footage.pan(8):
        jpeg = encode(shot.bgr, 70)
        with_picture = Pipeline(SPECS).process(JpegFrame(jpeg), ALL, PictureForm()).detections
        without = Pipeline(SPECS).process(JpegFrame(jpeg), ALL).detections
        assert [face.box for face in with_picture.faces or ()] == [
            face.box for face in without.faces or ()
        ]


def test_a_new_instance_loads_before_its_first_frame() -> None:
    class LoadingDetector(CountDetector):
        def load(self) -> None:
            self.seen = 100

    assert seen(Pipeline([DetectorSpec(LoadingDetector)]), frame()) == 101


def test_a_picture_of_each_form_is_made_and_none_is_drawn_into_another() -> None:
    small, whole, coarse = PictureForm(90, 320), PictureForm(90), PictureForm(10)
    result = Pipeline(SPECS).process(frame(), (), whole, small, coarse)
    assert result.jpegs.keys() == {small, whole, coarse}
    alone = Pipeline(SPECS).process(frame(), (), small)
    here, there = (JpegFrame(each.jpegs[small]).gray[30:200] for each in (result, alone))
    assert np.array_equal(here, there)
    assert len(result.jpegs[coarse]) < len(result.jpegs[whole]) / 3


def test_the_detector_at_work_is_named_and_none_is_while_a_frame_is_decoded_or_drawn() -> None:
    named = []

    class WatchedFrame(ArrayFrame):
        @property
        def bgr(self) -> Image:
            named.append(pipeline.at_work)
            return super().bgr

    class LookingDetector(CountDetector):
        def load(self) -> None:
            named.append(f"loads {pipeline.at_work}")

        def detect(self, frame: Frame, found: Detections) -> Detections:
            _ = frame.bgr
            return found

    pipeline = Pipeline([DetectorSpec(LookingDetector)])
    pipeline.process(WatchedFrame(footage.shot().bgr), ("count",), PictureForm())
    assert named[:3] == ["loads count", None, "count"]
    assert set(named[3:]) == {None}
    assert pipeline.at_work is None


@pytest.mark.usefixtures("untold")
def test_a_detector_that_would_end_the_process_is_left_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class LeavingDetector(CountDetector):
        def detect(self, frame: Frame, found: Detections) -> Detections:
            sys.exit("enough")

    result = Pipeline([DetectorSpec(LeavingDetector)]).process(frame(), ("count",))
    assert result.failed == {"count"}
    assert "SystemExit: enough" in caplog.text
