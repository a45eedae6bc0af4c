"""Cameras at this machine: `usb:0`, or `usb:/dev/video2`, by OpenCV."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import cv2

from streamer.codec import ArrayFrame
from streamer.errors import SettingsError, SourceError, SourceTimeoutError
from streamer.types import Frame, FrameSource

TIMEOUT = 5
"""Seconds for a frame; V4L2 waits for whole ones."""

SELECT_TIMEOUT = "OPENCV_VIDEOIO_V4L_SELECT_TIMEOUT"
"""Where OpenCV takes V4L2's time-out from, once, before its first frame; else it is 10 s."""

BACKENDS = {"linux": cv2.CAP_V4L2, "darwin": cv2.CAP_AVFOUNDATION, "win32": cv2.CAP_DSHOW}
"""What reads cameras, by sys.platform."""

BUFFERS = 2
"""Frames that the driver keeps: one is filled while the other is read."""


class UsbSource(FrameSource):
    """A webcam at a USB port, or whatever else the system shows as a camera."""

    def __init__(self, spec: str) -> None:
        _, _, name = spec.partition(":")
        is_number = name.isascii() and name.isdecimal()
        if not (is_number or name.startswith("/dev/")):
            raise SettingsError("Expected a camera such as usb:0 or usb:/dev/video2, came another.")
        self._device: int | str = int(name) if is_number else name
        self._path = Path(f"/dev/video{name}" if is_number else name)
        self._capture: cv2.VideoCapture | None = None

    def open(self) -> None:
        if sys.platform == "linux":
            os.environ.setdefault(SELECT_TIMEOUT, str(TIMEOUT))
            self._check()
        self._capture = cv2.VideoCapture(self._device, BACKENDS.get(sys.platform, cv2.CAP_ANY))
        if not self._capture.isOpened():
            raise SourceError(
                "The camera cannot be opened. Another program may hold it, or this one may not "
                "use cameras, or it is none: close the other, allow it, or try the next number."
            )
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, BUFFERS)

    def read(self) -> Frame:
        if self._capture is None:
            raise SourceError("The camera is not open.")
        start = time.monotonic()
        came, bgr = self._capture.read()
        if came:
            return ArrayFrame(bgr)  # type: ignore[arg-type]
        if time.monotonic() - start > TIMEOUT / 2:
            raise SourceTimeoutError("The camera gave no picture in time.")
        raise SourceError("The camera gives no pictures any more. Is it still plugged in?")

    def close(self) -> None:
        if self._capture is not None:
            self._capture.release()
            self._capture = None

    def answers(self) -> bool:
        """Tell by its device file; elsewhere than on Linux it is opened to find out."""
        return sys.platform == "linux" and os.access(self._path, os.R_OK | os.W_OK)

    def _check(self) -> None:
        """Find the words that OpenCV has not: SourceError where the device cannot be there."""
        if not self._path.exists():
            raise SourceError(
                "There is no such camera at the server. Plug it in, or look which there are: "
                "ls /dev/video*"
            )
        if not self.answers():
            raise SourceError(
                "The server may not use the camera. Add its user to the group video, and log in "
                "again: sudo usermod -aG video USER"
            )
