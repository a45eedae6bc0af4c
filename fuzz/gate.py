"""The gate and the decoder behind it, for any bytes as a picture."""

from __future__ import annotations

import simplejpeg

from streamer.codec import JpegFrame
from streamer.errors import Code, FrameError
from streamer.types import Limits

SMALL = Limits(max_pixels=120_000, max_side=640)
"""Less than the server takes, so that more pictures are tried in the same time."""


def target(data: bytes) -> None:
    """Try the bytes as a picture."""
    try_picture(data, SMALL)


def try_picture(jpeg: bytes, limits: Limits) -> bool:
    """Return whether a picture came of the bytes; what is neither picture nor FrameError raises."""
    try:
        frame = JpegFrame(jpeg, limits)
    except FrameError as refusal:
        assert refusal.code in (Code.UNKNOWN_MESSAGE, Code.TOO_LARGE), refusal
        return False
    _check_size(jpeg, frame, limits)
    # All forms by the decoder, and from a picture that is in colour already.
    straight, by_colour = _forms(frame, "reduced gray bgr"), JpegFrame(jpeg, limits)
    return _forms(by_colour, "bgr gray reduced") and straight


def _check_size(jpeg: bytes, frame: JpegFrame, limits: Limits) -> None:
    """Fail where the gate lets through what is too large, or a decoder reads another size."""
    width, height = frame.width, frame.height
    assert limits.min_side <= min(width, height), (width, height)
    assert max(width, height) <= limits.max_side, (width, height)
    assert width * height <= limits.max_pixels, (width, height)
    try:
        read = simplejpeg.decode_jpeg_header(jpeg)[:2]
    except ValueError:
        return
    assert read == (height, width), f"the gate read {width} x {height}, the decoder {read}"


def _forms(frame: JpegFrame, names: str) -> bool:
    """Return whether all forms can be decoded, in this order."""
    factor, size = frame.reduction, (frame.height, frame.width)
    shapes = {
        "bgr": (*size, 3), "gray": size, "reduced": (size[0] // factor, size[1] // factor),
    }  # fmt: skip
    try:
        for name in names.split():
            assert getattr(frame, name).shape == shapes[name], name
    except FrameError as refusal:
        assert refusal.code is Code.UNKNOWN_MESSAGE, refusal
        return False
    return True
