"""What the settings make."""

import json
import threading
import time
from typing import ClassVar

import pytest
from pytest_django.fixtures import Settings

from streamer import build, conf
from streamer.detectors.faces import FaceDetector
from streamer.detectors.motion import MotionDetector
from streamer.dialects import Message, Version1
from streamer.errors import SettingsError
from streamer.registry import Registry
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


def test_detectors_run_behind_those_that_they_require_in_whatever_order_they_stand() -> None:
    backwards = tuple(reversed(conf.Conf().DETECTORS))
    names = [spec.name for spec in build.detector_specs(conf.Conf(DETECTORS=backwards))]
    assert names == ["faces", "emotion", "landmarks", "motion"]


def test_a_detector_of_ones_own_runs_where_it_is_listed() -> None:
    entries = (*conf.Conf().DETECTORS, own("OwnDetector"))
    names = [spec.name for spec in build.detector_specs(conf.Conf(DETECTORS=entries))]
    assert names == ["motion", "faces", "landmarks", "emotion", "own"]


class EggDetector(OwnDetector):
    """Requires the hen."""

    name = "egg"
    requires = ("hen",)


class HenDetector(OwnDetector):
    """Requires the egg."""

    name = "hen"
    requires = ("egg",)


def test_detectors_that_require_each_other_are_refused() -> None:
    entries = (own("EggDetector"), own("HenDetector"))
    with pytest.raises(SettingsError, match="require each other"):
        build.detector_specs(conf.Conf(DETECTORS=entries))


class BareMotionDetector(MotionDetector):
    """Has a constructor of its own."""

    def __init__(self) -> None:
        super().__init__(threshold=40)


def test_frame_count_goes_only_to_who_takes_it() -> None:
    (spec,) = build.detector_specs(conf.Conf(DETECTORS=(own("BareMotionDetector"),)))
    assert isinstance(spec.build(), BareMotionDetector)


async def test_a_session_has_the_limits_of_the_settings() -> None:
    async def send(message: Message) -> None:
        raise AssertionError(message)

    settings = conf.Conf(
        WINDOW=5, MAX_FPS=7, MAX_BAD_FRAMES=3, MAX_FRAME_BYTES=2000, MAX_PIXELS=999, MAX_SIDE=77,
        MAX_SCANS=2,
    )  # fmt: skip
    session = build.session(settings, Version1(), send)
    hello = json.loads(session.hello())
    assert hello["window"] == 5
    assert hello["limits"] == {"max_bytes": 2000, "max_pixels": 999, "max_side": 77, "max_fps": 7}
    assert session.limits.max_bad_frames == 3
    assert session.limits.frame.max_scans == 2


class LoadingDetector(OwnDetector):
    """Notes which threads have loaded it."""

    threads: ClassVar[set[str]] = set()

    def load(self) -> None:
        self.threads.add(threading.current_thread().name)
        time.sleep(0.05)


def test_warming_up_loads_in_the_threads_before_a_frame_comes(settings: Settings) -> None:
    settings.STREAMER = {"DETECTORS": [own("LoadingDetector")], "WORKERS": 3}
    build.pool.cache_clear()
    try:
        build.pool().warm_up()
        build.pool().shutdown()
        assert len(LoadingDetector.threads) == 3
        assert all(name.startswith("vision") for name in LoadingDetector.threads)
    finally:
        build.pool.cache_clear()


def test_cameras_are_streams_in_the_order_of_the_settings() -> None:
    cameras: dict[str, str | conf.Camera] = {
        "yard": "pattern:",
        "porch": conf.Camera("pattern:", detectors=("emotion",)),
    }
    registry = Registry(build.relays(conf.Conf(CAMERAS=cameras)))
    assert [stream.name for stream in registry] == ["yard", "porch"]
    assert registry.first_camera is registry.get("yard")
    assert all(stream.kind == "camera" for stream in registry)


def test_a_camera_that_cannot_be_used_is_named_without_its_password() -> None:
    cameras: dict[str, str | conf.Camera] = {"porch": "gopher://ann:secret@host/"}
    with pytest.raises(SettingsError, match="porch cannot be used") as told:
        build.relays(conf.Conf(CAMERAS=cameras))
    assert "secret" not in str(told.value)
