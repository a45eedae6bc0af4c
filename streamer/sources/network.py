"""Cameras on the net: RTSP, and HTTP (MJPEG or a file), by PyAV."""

from __future__ import annotations

import errno
import time
from collections.abc import Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

import av

from streamer.errors import SettingsError, SourceError, SourceTimeoutError
from streamer.sources.probe import replies
from streamer.sources.recording import Recording
from streamer.sources.video import Timed, Video
from streamer.types import Frame, FrameSource

TIMEOUT = 5.0
"""Seconds in which a camera has to answer, and then to send each frame."""

ALMOST = 0.9
"""Share of TIMEOUT after which a failure is one of time: FFmpeg then names any reason."""

OPTIONS = {
    "rtsp": {
        "rtsp_transport": "tcp",  # over UDP, which FFmpeg tries first, pictures come torn
        "allowed_media_types": "video",
        "analyzeduration": "0",  # the server says what it sends: nothing need be looked at
        "probesize": "32",
    },
    "http": {
        "analyzeduration": "200000",  # a fifth of a second: a slow camera is not waited for
        "fpsprobesize": "0",
    },
}
"""FFmpeg's options, by the scheme without its `s`. Not `nobuffer`: with it FFmpeg drops the first
whole picture, and one waits for the next."""

# FFmpeg says EIO of both.
UNKNOWN = "The camera's name is not known here, or it speaks another protocol. Look up its address."
BROKEN = "The camera broke the connection off."

WORDS: tuple[tuple[type[Exception], str], ...] = (
    (
        av.HTTPUnauthorizedError,
        "The camera wants another user name or password. Write them into its address, as in "
        "rtsp://USER:PASSWORD@HOST/PATH.",
    ),
    (av.HTTPForbiddenError, "The camera forbids this user to watch. Allow it there."),
    (av.HTTPNotFoundError, "The camera has nothing at this path. Look up the path of its stream."),
    (av.HTTPClientError, "The camera refused the request. Look up the address of its stream."),
    (av.HTTPServerError, "The camera has a fault of its own. Look at its log, or restart it."),
    (ConnectionRefusedError, "Nothing listens at the camera's port. Is it on, and the port right?"),
    (ConnectionError, BROKEN),
    (av.InvalidDataError, "What came is no video that FFmpeg reads. Look up the stream's address."),
    (av.ProtocolNotFoundError, "FFmpeg does not speak what this address asks for."),
    (av.EOFError, "The camera ended the stream."),
)
"""What to tell of an error: the first line that fits."""

NET_ERRORS = {
    errno.EHOSTUNREACH: "The camera cannot be reached from here. Is it on, and in this network?",
    errno.ENETUNREACH: "The camera's network cannot be reached from here.",
}


class NetworkSource(FrameSource):
    """A camera at a URL; user and password may stand in it, percent-encoded where they must be.

    A live stream is read as fast as it comes. What has an end plays at its own speed, and then
    again.
    """

    def __init__(self, spec: str) -> None:
        try:
            self._url = urlsplit(spec)
            usable = bool(self._url.hostname) and self._url.port != 0 and spec.isprintable()
        except ValueError:
            usable = False
        if not usable or " " in spec:
            raise SettingsError(
                "Expected an address such as rtsp://USER:PASSWORD@HOST:554/PATH, came one without "
                "a host, or with a port that is no number. Write / ? # and spaces in a password "
                "as %2F %3F %23 %20."
            ) from None
        self._video: Video | None = None
        self._recording: Recording | None = None
        self._live: Iterator[Timed] = iter(())

    def open(self) -> None:
        self._video = self._connect()
        if self._video.is_recording:
            self._recording = Recording(self._video, self._connect)
        else:
            self._live = self._video.frames()

    def read(self) -> Frame:
        with _in_words(late="No picture came for {:.0f} s.", lost=BROKEN):
            if self._recording:
                return self._recording.read()
            for frame, _ in self._live:
                return frame
        raise SourceError("The camera ended the stream.")

    def close(self) -> None:
        self._live = iter(())
        if self._recording:
            self._recording.close()
        elif self._video:
            self._video.close()
        self._recording = self._video = None

    def answers(self) -> bool:
        return replies(self._url)

    def _connect(self) -> Video:
        options = OPTIONS[self._url.scheme.removesuffix("s")]
        start = time.monotonic()
        with _in_words(late="The camera did not answer within {:.0f} s.", lost=UNKNOWN):
            video = Video(self._url.geturl(), options, (TIMEOUT, TIMEOUT))
        # One that agrees to all and then sends nothing is open, for FFmpeg.
        if time.monotonic() - start > TIMEOUT:
            video.close()
            raise SourceTimeoutError(f"The camera answered, but sent nothing for {TIMEOUT:.0f} s.")
        return video


@contextmanager
def _in_words(late: str, lost: str) -> Iterator[None]:
    """Tell FFmpeg's errors as a viewer may read them: without the address and its password."""
    start = time.monotonic()
    try:
        yield
    except (av.FFmpegError, OSError) as error:
        if time.monotonic() - start > TIMEOUT * ALMOST:
            raise SourceTimeoutError(late.format(TIMEOUT)) from None
        raise SourceError(_words(error, lost)) from None


def _words(error: av.FFmpegError | OSError, lost: str) -> str:
    for kind, words in WORDS:
        if isinstance(error, kind):
            return words
    if error.errno == errno.EIO:
        return lost
    return NET_ERRORS.get(error.errno or 0, f"The camera cannot be read: {error.strerror}.")
