"""What the settings make."""

import pytest

from streamer import build, conf
from streamer.detectors.faces import FaceDetector
from streamer.detectors.motion import MotionDetector
from streamer.errors import SettingsError
from streamer.types import Detections, Detector, Frame

MOTION = "streamer.detectors.motion.MotionDetector"


class OwnDetector(Detector):
    """Somebody's own."""

    name = "own"

    def detect(self, frame: Frame, found: Detections) -> Detections:
        return found


class NamelessDetector(OwnDetector):
    """Has a name that no message can say."""

    name = "not a name"


class SizeDetector(OwnDetector):
    """Has the name of something else in a message."""

    name = "size"


class GreedyDetector(OwnDetector):
    """Requires what there is not."""

    name = "greedy"
    requires = ("hands",)


def own(name: str) -> str:
    return f"{__name__}.{name}"


def test_all_four_by_default_in_the_order_in_which_they_run() -> None:
    specs = build.detector_specs(conf.Conf())
    assert [spec.name for spec in specs] == ["motion", "faces", "landmarks", "emotion"]
    assert [spec.cls for spec in specs[:2]] == [MotionDetector, FaceDetector]


def test_a_line_in_the_setting_adds_a_detector_of_ones_own() -> None:
    specs = build.detector_specs(conf.Conf(DETECTORS=(MOTION, own("OwnDetector"))))
    assert isinstance(specs[1].build(), OwnDetector)


def test_frame_count_goes_to_motion_and_its_own_option_wins() -> None:
    settings = conf.Conf(FRAME_COUNT=9, DETECTORS=(MOTION,))
    assert build.detector_specs(settings)[0].options == {"frame_count": 9}
    settings = conf.Conf(FRAME_COUNT=9, DETECTORS=((MOTION, {"frame_count": 5}),))
    assert build.detector_specs(settings)[0].options == {"frame_count": 5}


@pytest.mark.parametrize(
    ("entries", "says"),
    [
        (("streamer.detectors.hands.HandDetector",), "hands"),
        (("HandDetector",), "HandDetector"),
        (("streamer.types.Box",), r"extend streamer\.types\.Detector"),
        (("streamer.detectors.motion",), r"extend streamer\.types\.Detector"),
        ((own("NamelessDetector"),), "it has 'not a name'"),
        ((own("SizeDetector"),), "it has 'size'"),
        ((own("GreedyDetector"),), "lacks hands"),
        ((MOTION, MOTION), "two detectors named 'motion'"),
    ],
)
def test_what_is_no_detector_is_told_as_what_it_is(entries: tuple[str, ...], says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        build.detector_specs(conf.Conf(DETECTORS=entries))
