"""Cameras at this machine. A machine that runs tests has none: a clip stands for the device."""

import os
import sys
from pathlib import Path

import cv2
import pytest

from streamer.errors import SettingsError, SourceError, SourceTimeoutError
from streamer.sources import source, usb
from streamer.sources.usb import UsbSource
from streamer.types import Image
from tests import clips

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="device files are Linux's")


real_capture = cv2.VideoCapture


class FakeDevice:
    """A fake camera: OpenCV's own reader, of a clip in the place of a device.

    It holds the reader: OpenCV's types crash where one inherits from them.
    """

    made: list["FakeDevice"]
    clip = ""

    def __init__(self, device: int | str, backend: int) -> None:
        self.asked = (device, backend)
        self.reader = real_capture(self.clip)
        self.made.append(self)

    def read(self) -> tuple[bool, Image | None]:
        came, bgr = self.reader.read()
        return came, bgr  # type: ignore[return-value]

    def set(self, setting: int, value: float) -> bool:
        return self.reader.set(setting, value)

    def isOpened(self) -> bool:  # noqa: N802, OpenCV's name
        return self.reader.isOpened()

    def release(self) -> None:
        self.reader.release()


@pytest.fixture
def device(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that stands for the device; it is a clip of three pictures."""
    clip = clips.write(tmp_path / "clip.avi", 3, codec="mjpeg", pix_fmt="yuvj420p")
    FakeDevice.made, FakeDevice.clip = [], str(clip)
    monkeypatch.setattr(cv2, "VideoCapture", FakeDevice)
    monkeypatch.delenv(usb.SELECT_TIMEOUT, raising=False)
    return clip


def of(path: Path) -> UsbSource:
    camera = UsbSource("usb:/dev/video0")
    camera._path = path
    return camera


def test_a_device_is_read_and_let_go(device: Path) -> None:
    camera = of(device)
    assert camera.answers()
    camera.open()
    frames = [camera.read() for _ in range(3)]
    assert [clips.number_of(frame) for frame in frames] == [0, 1, 2]
    with pytest.raises(SourceError, match="still plugged in"):
        camera.read()
    camera.close()
    (capture,) = FakeDevice.made
    assert not capture.isOpened()
    assert capture.asked == ("/dev/video0", cv2.CAP_V4L2)


def test_v4l2_waits_no_longer_than_it_may(device: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    of(device).open()
    assert os.environ[usb.SELECT_TIMEOUT] == "5"
    monkeypatch.setenv(usb.SELECT_TIMEOUT, "2")
    of(device).open()
    assert os.environ[usb.SELECT_TIMEOUT] == "2"


def test_a_device_that_gives_nothing_for_long_is_late(
    device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeDevice, "read", lambda _: (False, None))
    monkeypatch.setattr(usb, "TIMEOUT", 0)
    camera = of(device)
    camera.open()
    with pytest.raises(SourceTimeoutError, match="no picture in time"):
        camera.read()


def test_what_is_no_camera_is_told_and_let_go(device: Path) -> None:
    FakeDevice.clip = str(device.with_name("none"))
    camera = of(device)
    with pytest.raises(SourceError, match="Another program may hold it"):
        camera.open()
    camera.close()


def test_a_camera_that_is_not_there() -> None:
    """No fake: this machine has no hundredth camera."""
    camera = source("99")
    assert not camera.answers()
    with pytest.raises(SourceError, match="no such camera"):
        camera.open()
    camera.close()
    with pytest.raises(SourceError, match="not open"):
        camera.read()


def test_a_camera_that_the_server_may_not_use(
    device: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Tests may be run by root, who may use all.
    monkeypatch.setattr(UsbSource, "answers", lambda _: False)
    with pytest.raises(SourceError, match="usermod -aG video"):
        of(device).open()


@pytest.mark.parametrize("spec", ["usb:", "usb:first", "usb:-1", "usb:video0", "usb:²"])
def test_a_spec_that_names_no_device_is_refused(spec: str) -> None:
    with pytest.raises(SettingsError, match="usb:0 or usb:/dev/video2"):
        UsbSource(spec)
