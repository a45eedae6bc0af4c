"""Plays what has an end at its own speed, over and over."""

from __future__ import annotations

from collections.abc import Callable, Generator

from streamer.errors import SourceError
from streamer.sources.pacing import Pace
from streamer.sources.video import Timed, Video
from streamer.types import Frame

LONGEST_STEP = 2.0
"""Seconds from one frame to the next; what is more is a gap in the recording, and is left out."""


class Recording:
    """Frames of a video at the times that it gives them; after the last comes the first."""

    def __init__(self, video: Video, again: Callable[[], Video], pace: Pace | None = None) -> None:
        """Take an open video, and what opens it once more. It closes both."""
        self._video = video
        self._again = again
        self._pace = pace or Pace()
        self._frames = self._endless()
        self._at: float | None = None

    def read(self) -> Frame:
        """Wait for the next frame; SourceError where there is none in it."""
        frame, at = next(self._frames)
        step = 1 / self._video.rate
        if at is not None and self._at is not None and 0 < at - self._at <= LONGEST_STEP:
            step = at - self._at
        self._at = at
        self._pace.wait(step)
        return frame

    def close(self) -> None:
        self._frames.close()  # the iterator holds on to the video
        self._video.close()

    def _endless(self) -> Generator[Timed]:
        while True:
            timed = None
            for timed in self._video.frames():
                yield timed
            if timed is None:
                raise SourceError("There is no picture in it. Choose another file or address.")
            self._video.close()
            self._video = self._again()
