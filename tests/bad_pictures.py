"""Pictures that no camera makes: from real encoders; where none here does, by another header."""

from __future__ import annotations

import io
import random
import struct
from collections.abc import Callable
from typing import NamedTuple

import cv2
from av import CodecContext, VideoFrame
from PIL import Image as Pillow

from streamer.errors import Code
from streamer.types import Image
from tests import footage

ONE_COLOUR = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
"""The header of a scan that has but one colour."""

BASELINE = b"\xff\xc0\x00\x11\x08"
"""How the frame header of a camera's JPEG begins: its kind, its length, and 8 bits."""


class BadPicture(NamedTuple):
    """What is sent, the code of the error that answers it, and a pattern of that error's words."""

    data: bytes
    code: Code
    says: str


def with_size(jpeg: bytes, width: int, height: int) -> bytes:
    """Return the JPEG with another size in its frame header."""
    at = jpeg.index(b"\xff\xc0") + 5
    return jpeg[:at] + struct.pack(">HH", height, width) + jpeg[at + 4 :]


def with_scans(jpeg: bytes, count: int) -> bytes:
    """Return the JPEG with so many scans: all but the last lack colours."""
    at = jpeg.index(b"\xff\xda")
    return jpeg[:at] + ONE_COLOUR * (count - 1) + jpeg[at:]


def progressive_jpeg() -> bytes:
    return opencv(".jpg", cv2.IMWRITE_JPEG_PROGRESSIVE, 1)


def small() -> Image:
    """Return a shot that is within the limit of bytes in any format."""
    return footage.shot(size=(320, 240), zoom=0.625).bgr


def opencv(ending: str, *options: int) -> bytes:
    """Return the small shot as OpenCV writes a file of this ending."""
    return cv2.imencode(ending, small(), options)[1].tobytes()


def pillow(kind: str, mode: str = "RGB") -> bytes:
    """Return the small shot as Pillow writes it."""
    rgb = cv2.cvtColor(small(), cv2.COLOR_BGR2RGB)
    file = io.BytesIO()
    Pillow.fromarray(rgb).convert(mode).save(file, kind)
    return file.getvalue()


def lossless_jpeg() -> bytes:
    """Return the small shot as FFmpeg's lossless JPEG."""
    frame = VideoFrame.from_ndarray(small(), format="bgr24")
    encoder = CodecContext.create("ljpeg", "w")
    encoder.width, encoder.height, encoder.pix_fmt = frame.width, frame.height, "bgr24"
    return b"".join(map(bytes, encoder.encode(frame)))


def noise(count: int) -> bytes:
    """Return so many bytes, always the same, none of which could begin a marker."""
    return random.Random(1).randbytes(count).replace(b"\xff", b"\0")  # noqa: S311


def whole_with_noise() -> bytes:
    """Return a good picture: what is behind its end counts for nothing."""
    return footage.jpeg() + noise(20_000)


def _table() -> dict[str, BadPicture]:
    jpeg = footage.jpeg()
    kinds: dict[str, Callable[[], bytes]] = {
        "png": lambda: opencv(".png"),
        "webp": lambda: opencv(".webp"),
        "tiff": lambda: opencv(".tiff"),
        "jpeg-2000": lambda: opencv(".jp2"),
        "gif": lambda: pillow("GIF"),
        "avif": lambda: pillow("AVIF"),
        "bmp": lambda: pillow("BMP"),
    }
    foreign, large = (
        r"Expected a JPEG .* came: the \d+ bytes start with .*Send what",
        Code.TOO_LARGE,
    )
    sizes = {
        "65500x65500": (65_500, 65_500),
        "20000x20000": (20_000, 20_000),
        "too-many-pixels": (2048, 1026),
        "too-long": (2049, 16),
    }
    bad = Code.UNKNOWN_MESSAGE
    return {
        **{
            name: BadPicture(
                with_size(jpeg, width, height),
                large,
                f"at most 2100000 pixels and 2048 a side, came {width} x {height}. Scale",
            )
            for name, (width, height) in sizes.items()
        },
        "too-small": BadPicture(with_size(jpeg, 8, 480), bad, "at least 16 .* came 8 x 480"),
        "scans": BadPicture(with_scans(jpeg, 10_000), large, "at most 4 scans.* came more. Send"),
        "truncated": BadPicture(jpeg[:9000], bad, "9000 bytes ends before .* Send it whole"),
        "truncated-header": BadPicture(jpeg[:300], bad, "300 bytes has a damaged header.* Send"),
        "truncated-noise": BadPicture(
            jpeg[:9000] + noise(20_000), bad, "29000 bytes ends before .* Send it whole"
        ),
        "truncated-noise-end": BadPicture(
            jpeg[:9000] + noise(20_000) + b"\xff\xd9", bad, "The JPEG is damaged: .* Send"
        ),
        "12-bit": BadPicture(
            jpeg.replace(BASELINE, b"\xff\xc1\x00\x11\x0c"), bad, "8 bits .* came 12 bits"
        ),
        "cmyk": BadPicture(pillow("JPEG", "CMYK"), bad, "1 or 3 colours, came 8 bits and 4"),
        "arithmetic": BadPicture(
            jpeg.replace(BASELINE, b"\xff\xc9\x00\x11\x08"),
            bad,
            "baseline JPEG, came .* 0xc9 .*Send",
        ),
        "progressive": BadPicture(progressive_jpeg(), bad, "baseline JPEG, came .* 0xc2 .*Send"),
        "lossless": BadPicture(lossless_jpeg(), bad, "baseline JPEG, came .* 0xc3 .*Send"),
        **{name: BadPicture(make(), bad, foreign) for name, make in kinds.items()},
        "text": BadPicture(b"no picture", bad, foreign),
    }


BAD_PICTURES = _table()
"""By what is wrong with them. None ends a session; ten in a row do."""
