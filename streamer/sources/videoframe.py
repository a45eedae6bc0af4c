"""A decoded picture of a video, as FFmpeg keeps it: converted into what somebody asks for."""

from __future__ import annotations

import av
import cv2
import numpy as np
from av.video.reformatter import VideoReformatter

from streamer.codec import LazyFrame
from streamer.types import Image

FULL_RANGE = 2
"""AVCOL_RANGE_JPEG of FFmpeg's pixfmt.h: black is 0 and white 255, else 16 and 235."""

LUMA_PLANES = {"gray", "nv12", "nv21"} | {
    f"yuv{range_}{sampling}p" for range_ in ("", "j") for sampling in (411, 420, 422, 440, 444)
}
"""Pixel formats whose first plane is the picture in grey, a byte a pixel."""

STRETCH = np.clip(np.round((np.arange(256) - 16) * (255 / 219)), 0, 255).astype(np.uint8)
"""Limited range to full range (ITU-R BT.601, 2.5.3)."""

TURNS = {90: cv2.ROTATE_90_COUNTERCLOCKWISE, 180: cv2.ROTATE_180, 270: cv2.ROTATE_90_CLOCKWISE}
"""What to do by the degrees, counter-clockwise, that a phone tells of how it was held."""


class VideoFrame(LazyFrame):
    """A frame that FFmpeg decoded; of most, grey costs no conversion of colours."""

    def __init__(
        self,
        picture: av.VideoFrame,
        seconds: float = 0.0,
        reformatter: VideoReformatter | None = None,
    ) -> None:
        """Take a picture that took `seconds` to decode. Frames of one video share a `reformatter`:
        to make one takes ten times as long as to use it."""
        self._picture = picture
        self._reformatter = reformatter or VideoReformatter()
        self._turn = TURNS.get(picture.rotation % 360)
        width, height = picture.width, picture.height
        if self._turn not in (None, cv2.ROTATE_180):
            width, height = height, width
        super().__init__(width, height, seconds)

    def _make_bgr(self) -> Image:
        picture = self._reformatter.reformat(self._picture, format="bgr24")
        return self._upright(picture.to_ndarray())  # type: ignore[arg-type]

    def _make_gray(self) -> Image:
        if self._picture.format.name in LUMA_PLANES:
            return self._upright(self._luma())
        return super()._make_gray()

    def _luma(self) -> Image:
        """Return the brightness in full range. Of colours by BT.601 it is what OpenCV's grey is;
        those of BT.709 weigh a little otherwise."""
        plane, name = self._picture.planes[0], self._picture.format.name
        rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
        luma = rows[: self._picture.height, : self._picture.width]
        if name.startswith(("yuvj", "gray")) or self._picture.color_range == FULL_RANGE:
            return np.ascontiguousarray(luma)
        return cv2.LUT(luma, STRETCH)  # type: ignore[return-value]

    def _upright(self, image: Image) -> Image:
        return image if self._turn is None else cv2.rotate(image, self._turn)  # type: ignore[return-value]
