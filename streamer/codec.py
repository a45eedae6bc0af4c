"""JPEG to pixels and back; what is decoded has passed the gate."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import cv2
import imutils
import simplejpeg

from streamer.errors import Code, FrameError
from streamer.gate import CAMERA_JPEG, read_header
from streamer.types import Frame, Image, Limits

# The pool of the pipelines uses the cores; OpenCV's own threads would fight it for them.
cv2.setNumThreads(1)


class JpegFrame(Frame):
    """A frame that came as JPEG."""

    def __init__(self, jpeg: bytes, limits: Limits | None = None) -> None:
        """Take a picture that passes the gate; FrameError says why it does not."""
        self.width, self.height, _ = read_header(jpeg, limits or Limits())
        self._jpeg = jpeg
        self._bgr: Image | None = None
        self._gray: Image | None = None
        self._reduced: Image | None = None
        self._seconds = 0.0

    @property
    def decode_seconds(self) -> float:
        return self._seconds

    @property
    def bgr(self) -> Image:
        if self._bgr is None:
            self._bgr = self._decode("BGR")
        return self._bgr

    @property
    def gray(self) -> Image:
        if self._gray is None:
            if self._bgr is None:
                self._gray = self._decode("GRAY")
            else:  # differs from the decoder's by a level at most, for a quarter of its time
                with self._timed():
                    self._gray = _gray(self._bgr)
        return self._gray

    @property
    def reduced(self) -> Image:
        if self._reduced is None:
            if self._gray is None and self._bgr is None:
                # The decoder leaves out detail for less than decoding it costs.
                small = self._decode("GRAY", self.reduction)
                self._reduced = small[
                    : self.height // self.reduction, : self.width // self.reduction
                ]
            else:
                gray = self.gray
                with self._timed():
                    self._reduced = _reduce(gray, self.reduction)
        return self._reduced

    def _decode(self, colorspace: str, factor: int = 1) -> Image:
        with self._timed():
            try:
                # The decoder takes the largest factor that leaves at least this size. The fast
                # DCT would save a twentieth, and be wrong by one grey level on average.
                pixels: Image = simplejpeg.decode_jpeg(
                    self._jpeg,
                    colorspace,
                    fastupsample=True,
                    min_height=-(-self.height // factor),
                    min_width=-(-self.width // factor),
                )
            except ValueError as error:
                raise FrameError(
                    Code.UNKNOWN_MESSAGE, f"The JPEG is damaged: {error}. {CAMERA_JPEG}"
                ) from None
        return pixels[:, :, 0] if colorspace == "GRAY" else pixels

    @contextmanager
    def _timed(self) -> Iterator[None]:
        start = time.perf_counter()
        try:
            yield
        finally:
            self._seconds += time.perf_counter() - start


class ArrayFrame(Frame):
    """A frame that is pixels already; a detector may be tried on it without a server."""

    def __init__(self, bgr: Image) -> None:
        """Take the picture `bgr`, (height, width, 3); it is kept, not copied."""
        self.height, self.width = bgr.shape[:2]
        self._bgr = bgr
        self._gray: Image | None = None
        self._reduced: Image | None = None

    @property
    def decode_seconds(self) -> float:
        return 0.0

    @property
    def bgr(self) -> Image:
        return self._bgr

    @property
    def gray(self) -> Image:
        if self._gray is None:
            self._gray = _gray(self._bgr)
        return self._gray

    @property
    def reduced(self) -> Image:
        if self._reduced is None:
            self._reduced = _reduce(self.gray, self.reduction)
        return self._reduced


def scaled_width(frame: Frame, width: int | None) -> int:
    """Return the width in pixels of a picture of `frame` that shall have `width`: never more than
    it has, and never so little that a thin frame would have no height left."""
    if not width or width >= frame.width:
        return frame.width
    return max(width, -(-frame.width // frame.height))


def scaled(frame: Frame, width: int | None) -> Frame:
    """Return the frame scaled down to a width in pixels; never up, and as it came for None."""
    new_width = scaled_width(frame, width)
    return (
        frame
        if new_width == frame.width
        else ArrayFrame(imutils.resize(frame.bgr, width=new_width))
    )


def encode(image: Image, quality: int) -> bytes:
    """Return `image`, (height, width, 3) blue-green-red, as JPEG of a quality in 1..100."""
    jpeg: bytes = simplejpeg.encode_jpeg(
        image, quality=quality, colorspace="BGR", colorsubsampling="420"
    )
    return jpeg


def _gray(bgr: Image) -> Image:
    return cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)  # type: ignore[return-value]


def _reduce(gray: Image, factor: int) -> Image:
    """Return the picture 1/`factor` as large; what is left over at the borders is cut."""
    height, width = (side // factor for side in gray.shape)
    whole = gray[: height * factor, : width * factor]
    return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]
