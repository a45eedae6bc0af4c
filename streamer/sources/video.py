"""Video from a file or from the net, by PyAV: its frames, and the time of each."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Iterable, Mapping
from contextlib import suppress
from typing import NamedTuple

import av
from av.codec.context import Flags
from av.video.reformatter import VideoReformatter
from av.video.stream import VideoStream

from streamer.codec import JpegFrame
from streamer.errors import FrameError, SourceError, SourceTimeoutError
from streamer.sources.videoframe import VideoFrame
from streamer.types import Frame, Limits

JPEG_LIMITS = Limits(max_bytes=16_000_000, max_pixels=8192 * 8192, max_side=8192)
"""For a camera that its owner chose; visitors' webcams are held shorter."""

USUAL_RATE = 25.0
"""Frames a second of a video that does not tell."""


class Timed(NamedTuple):
    """A frame, and when it is to be shown: seconds since some start, None where nobody knows."""

    frame: Frame
    at: float | None


class Video:
    """The first video of a file or an address, from its start to its end.

    FFmpeg's own errors (av.FFmpegError) pass through, its words with the whole address among them:
    whoever opens it puts them into other words. Its log is off, which is PyAV's default.
    """

    def __init__(
        self,
        url: str,
        options: Mapping[str, str] | None = None,
        timeout: tuple[float, float] | None = None,
    ) -> None:
        """Open it; `options` are FFmpeg's, `timeout` is seconds for opening and for each read."""
        self._patience = timeout[1] if timeout else math.inf
        self._reformatter = VideoReformatter()
        self._container = av.open(url, options=dict(options or {}), timeout=timeout)
        try:
            if not self._container.streams.video:
                raise SourceError("There is sound, but no video. Choose another file or address.")
            self._stream = self._container.streams.video[0]
            context = self._stream.codec_context
            # Threads by frame would hold back as many frames; the cores belong to the detectors.
            context.thread_count = 1
            if self._container.format.name == "rtsp":
                context.flags |= Flags.low_delay
        except BaseException:
            self.close()
            raise

    @property
    def is_recording(self) -> bool:
        """Whether it has an end, and comes as fast as it is read. HLS comes so too: in pieces of
        some seconds each."""
        return self._container.duration is not None or self._container.format.name == "hls"

    @property
    def rate(self) -> float:
        """Frames a second, by what it says of itself."""
        return float(self._stream.average_rate or self._stream.guessed_rate or USUAL_RATE)

    def frames(self) -> Generator[Timed]:
        """Yield all frames, as fast as they come; SourceTimeoutError where none comes for as long
        as a read may take."""
        since = time.monotonic()
        for packet in self._container.demux(self._stream):
            # After a time-out FFmpeg still hands out what it held back, and would wait again.
            if time.monotonic() - since > self._patience:
                raise SourceTimeoutError(f"No picture came for {self._patience:.0f} s.")
            for timed in self._pictures(packet):
                yield timed
                since = time.monotonic()

    def _pictures(self, packet: av.Packet[VideoStream]) -> Iterable[Timed]:
        """Return what the packet completes: none, a frame, at its end several."""
        if self._stream.codec_context.name == "mjpeg" and packet.size:
            with suppress(FrameError):  # FFmpeg decodes what the gate refuses
                return [Timed(JpegFrame(bytes(packet), JPEG_LIMITS), _seconds(packet))]
        start = time.perf_counter()
        try:
            pictures = packet.decode()
        except av.InvalidDataError:
            return []  # it was damaged, or came before the first whole picture
        seconds = (time.perf_counter() - start) / max(len(pictures), 1)
        return [
            Timed(VideoFrame(picture, seconds, self._reformatter), _seconds(picture))
            for picture in pictures
            if isinstance(picture, av.VideoFrame)
        ]

    def close(self) -> None:
        """Let go of it."""
        self._container.close()


def _seconds(timed: av.Packet[VideoStream] | av.VideoFrame) -> float | None:
    if timed.pts is None or timed.time_base is None:
        return None
    return float(timed.pts * timed.time_base)
