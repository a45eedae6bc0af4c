"""The Pi camera, by a fake picamera2: the real one runs on a Raspberry Pi only."""

import sys
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from streamer.errors import SettingsError, SourceError, SourceTimeoutError
from streamer.sources.pi import PiSource


class FakePicamera2:
    """A fake of what we use of picamera2.Picamera2."""

    made: list["FakePicamera2"]
    cameras = 1

    def __init__(self, number: int) -> None:
        if number >= self.cameras:
            raise IndexError("list index out of range")
        self.calls: list[str] = []
        self.stalled = False
        self.made.append(self)

    def create_video_configuration(self, main: dict[str, Any], controls: dict[str, Any]) -> Any:
        return {"main": main, "controls": controls}

    def configure(self, configuration: dict[str, Any]) -> None:
        self.size = configuration["main"]["size"]
        assert configuration["main"]["format"] == "RGB888"
        self.calls.append("configure")

    def start(self) -> None:
        self.calls.append("start")

    def capture_array(self, name: str, wait: bool) -> str:
        assert not wait
        return f"job of {name}"

    def wait(self, job: str, timeout: float) -> Any:
        assert (job, timeout) == ("job of main", 5)
        if self.stalled:
            raise TimeoutError
        width, height = self.size
        return np.full((height, width, 3), (255, 0, 0), np.uint8)

    def close(self) -> None:
        self.calls.append("close")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> type[FakePicamera2]:
    module = ModuleType("picamera2")
    module.Picamera2 = FakePicamera2  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "picamera2", module)
    FakePicamera2.made = []
    return FakePicamera2


def test_it_is_opened_read_and_closed(fake: type[FakePicamera2]) -> None:
    camera = PiSource("pi:")
    camera.open()
    frame = camera.read()
    assert (frame.width, frame.height) == (640, 480)
    assert (frame.bgr[0, 0] == (255, 0, 0)).all()
    camera.close()
    camera.close()
    assert fake.made[0].calls == ["configure", "start", "close"]
    with pytest.raises(SourceError, match="not open"):
        camera.read()


def test_a_camera_that_stalls_is_late(fake: type[FakePicamera2]) -> None:
    camera = PiSource("pi:0")
    camera.open()
    fake.made[0].stalled = True
    with pytest.raises(SourceTimeoutError):
        camera.read()


@pytest.mark.usefixtures("fake")
def test_a_camera_that_is_not_there() -> None:
    camera = PiSource("pi:1")
    with pytest.raises(SourceError, match=r"list index out of range\. Is its cable in"):
        camera.open()
    camera.close()


def test_without_picamera2_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picamera2", None)
    camera = PiSource("pi:")
    with pytest.raises(SourceError, match=r"apt install python3-picamera2.*--system-site-packages"):
        camera.open()
    camera.close()


@pytest.mark.parametrize("spec", ["pi:first", "pi:-1"])
def test_a_spec_that_names_no_camera_is_refused(spec: str) -> None:
    with pytest.raises(SettingsError, match="pi:1 for the second"):
        PiSource(spec)
