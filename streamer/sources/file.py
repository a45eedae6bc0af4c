"""Clips: `file:PATH`, at their own speed, over and over."""

from __future__ import annotations

from pathlib import Path

import av

from streamer.errors import SettingsError, SourceError
from streamer.sources.recording import Recording
from streamer.sources.video import Video
from streamer.types import Frame, FrameSource


class FileSource(FrameSource):
    """A video file of any kind that FFmpeg reads."""

    def __init__(self, spec: str) -> None:
        _, _, path = spec.partition(":")
        if not path:
            raise SettingsError("Expected a path, such as file:clips/porch.mp4, came file: alone.")
        # An absolute path, so that FFmpeg never takes it for the address of something else.
        self._path = Path(path.removeprefix("//")).expanduser().absolute()
        self._recording: Recording | None = None

    def open(self) -> None:
        self._recording = Recording(self._video(), self._video)

    def read(self) -> Frame:
        if self._recording is None:
            raise SourceError("The clip is not open.")
        try:
            return self._recording.read()
        except av.FFmpegError as error:
            raise SourceError(f"The clip is damaged: {error.strerror}.") from None

    def close(self) -> None:
        if self._recording:
            self._recording.close()
            self._recording = None

    def answers(self) -> bool:
        return self._path.is_file()

    def _video(self) -> Video:
        try:
            return Video(str(self._path))
        except FileNotFoundError:
            raise SourceError("There is no clip at this path on the server.") from None
        except PermissionError:
            raise SourceError("The server may not read the clip. Change who may.") from None
        except IsADirectoryError:
            raise SourceError("The path is a folder. Name a clip in it.") from None
        except av.FFmpegError as error:
            raise SourceError(
                f"The file is no video that FFmpeg reads: {error.strerror}. Choose another file."
            ) from None
