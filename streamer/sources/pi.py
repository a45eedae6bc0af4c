"""The camera of a Raspberry Pi: `pi:`, or `pi:1` for the second, by picamera2."""

from __future__ import annotations

from typing import Any

from streamer.codec import ArrayFrame
from streamer.errors import SettingsError, SourceError, SourceTimeoutError
from streamer.types import Frame, FrameSource

TIMEOUT = 5.0
"""Seconds for a frame."""

SIZE = (640, 480)
FPS = 30


class PiSource(FrameSource):
    """A camera at the ribbon cable of a Raspberry Pi."""

    def __init__(self, spec: str) -> None:
        number = spec.partition(":")[2] or "0"
        if not (number.isascii() and number.isdecimal()):
            raise SettingsError("Expected pi: or pi:1 for the second camera, came another.")
        self._number = int(number)
        self._camera: Any = None

    def open(self) -> None:
        try:
            # It comes with the system and not from PyPI: most machines have none.
            from picamera2 import Picamera2  # type: ignore[import-not-found]  # noqa: PLC0415
        except ImportError:
            raise SourceError(
                "A Pi camera needs picamera2, which is not installed: sudo apt install "
                "python3-picamera2, and make the virtual environment with --system-site-packages."
            ) from None
        try:
            self._camera = Picamera2(self._number)
            self._camera.configure(
                self._camera.create_video_configuration(
                    # What libcamera calls RGB888 lies in memory as blue, green, red.
                    main={"size": SIZE, "format": "RGB888"},
                    controls={"FrameRate": FPS},
                )
            )
            self._camera.start()
        except (IndexError, RuntimeError, OSError) as error:
            raise SourceError(
                f"The Pi camera cannot be opened: {error}. Is its cable in, and no other program "
                "using it? rpicam-hello --list-cameras shows which there are."
            ) from error

    def read(self) -> Frame:
        if self._camera is None:
            raise SourceError("The camera is not open.")
        job = self._camera.capture_array("main", wait=False)
        try:
            return ArrayFrame(self._camera.wait(job, timeout=TIMEOUT))
        except TimeoutError:
            raise SourceTimeoutError("The Pi camera gave no picture for 5 s.") from None

    def close(self) -> None:
        if self._camera is not None:
            self._camera.close()  # stops it before
            self._camera = None
