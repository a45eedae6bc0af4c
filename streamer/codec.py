"""JPEG to pixels and back; what is decoded has passed the gate."""

from __future__ import annotations

import time
from abc import abstractmethod
from collections.abc import Callable

import cv2
import imutils
import simplejpeg

from streamer.errors import Code, FrameError
from streamer.gate import CAMERA_JPEG, read_header
from streamer.types import Frame, Image, Limits

# The pool of the pipelines uses the cores; OpenCV's own threads would fight it for them.
cv2.setNumThreads(1)


class LazyFrame(Frame):
    """A frame whose forms are made when somebody asks for them, each once."""

    def __init__(self, width: int, height: int, seconds: float = 0.0) -> None:
        """Begin with nothing made, and `seconds` that have gone into decoding."""
        self.width, self.height = width, height
        self._bgr: Image | None = None
        self._gray: Image | None = None
        self._reduced: Image | None = None
        self._seconds = seconds

    @property
    def decode_seconds(self) -> float:
        return self._seconds

    @property
    def bgr(self) -> Image:
        if self._bgr is None:
            self._bgr = self._timed(self._make_bgr)
        return self._bgr

    @property
    def gray(self) -> Image:
        if self._gray is None:
            self._gray = self._timed(self._make_gray)
        return self._gray

    @property
    def reduced(self) -> Image:
        if self._reduced is None:
            self._reduced = self._timed(self._make_reduced)
        return self._reduced

    @abstractmethod
    def _make_bgr(self) -> Image: ...

    def _make_gray(self) -> Image:
        return cv2.cvtColor(self.bgr, cv2.COLOR_BGR2GRAY)  # type: ignore[return-value]

    def _make_reduced(self) -> Image:
        """Return 1/`reduction` of the picture; what is left over at the borders is cut."""
        factor = self.reduction
        width, height = self.width // factor, self.height // factor
        whole = self.gray[: height * factor, : width * factor]
        return cv2.resize(whole, (width, height), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]

    def _timed(self, make: Callable[[], Image]) -> Image:
        """Return what `make` returns and count its time, once where it makes other forms too."""
        start, before = time.perf_counter(), self._seconds
        try:
            return make()
        finally:
            self._seconds = before + time.perf_counter() - start


class JpegFrame(LazyFrame):
    """A frame that came as JPEG."""

    def __init__(self, jpeg: bytes, limits: Limits | None = None) -> None:
        """Take a picture that passes the gate; FrameError says why it does not."""
        header = read_header(jpeg, limits or Limits())
        super().__init__(header.width, header.height)
        self._jpeg = jpeg

    def _make_bgr(self) -> Image:
        return self._decode("BGR")

    def _make_gray(self) -> Image:
        if self._bgr is None:
            return self._decode("GRAY")
        # Differs from the decoder's by a level at most, for a quarter of its time.
        return super()._make_gray()

    def _make_reduced(self) -> Image:
        if self._gray is None and self._bgr is None:
            # The decoder leaves out detail for less than decoding it costs.
            factor = self.reduction
            small = self._decode("GRAY", factor)
            return small[: self.height // factor, : self.width // factor]
        return super()._make_reduced()

    def _decode(self, colorspace: str, factor: int = 1) -> Image:
        try:
            # The decoder takes the largest factor that leaves at least this size. The fast DCT
            # would save a twentieth, and be wrong by one grey level on average.
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


class ArrayFrame(LazyFrame):
    """A frame that is pixels already; a detector may be tried on it without a server."""

    def __init__(self, bgr: Image) -> None:
        """Take the picture `bgr`, (height, width, 3); it is kept, not copied."""
        height, width = bgr.shape[:2]
        super().__init__(width, height)
        self._pixels = bgr

    def _make_bgr(self) -> Image:
        return self._pixels


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
