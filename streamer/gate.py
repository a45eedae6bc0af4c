"""The gate before the decoder: reads a JPEG's header before anything is decoded.

A few hundred bytes may claim a picture of a gigabyte, and a few kilobytes a thousand scans of it:
the gate lets through only what a camera makes, within limits. Markers are those of ITU-T T.81,
annex B.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from streamer.errors import Code, FrameError
from streamer.types import Limits

START = b"\xff\xd8\xff"
END_OF_IMAGE = b"\xff\xd9"
START_OF_SCAN = b"\xff\xda"
BASELINE, EXTENDED = 0xC0, 0xC1
# The other frame headers: progressive, lossless, hierarchical, arithmetic.
OTHER_FRAMES = {*range(0xC2, 0xD0)} - {0xC4, 0xC8, 0xCC}
# Tables, restart interval, applications' data and comments. Of others some have no length, and a
# decoder would read as a header what the gate takes for the inside of such a segment.
SKIPPED = {0xC4, 0xDB, 0xDD, *range(0xE0, 0xF0), 0xFE}
# What may end coded data: neither a stuffed zero, nor a restart, nor what was never defined.
MARKER = re.compile(rb"\xff[\xc0-\xcf\xd8-\xfe]")
MAX_SEGMENTS = 64

CAMERA_JPEG = "Send what canvas.toBlob('image/jpeg') or cv2.imencode('.jpg') makes."


class Header(NamedTuple):
    """What a JPEG says of itself; components are its colours."""

    width: int
    height: int
    components: int


def read_header(jpeg: bytes, limits: Limits) -> Header:
    """Return the size of a JPEG that may be decoded; FrameError says why another may not.

    Nothing is decoded, and the work does not grow with what the header claims.
    """
    if not jpeg.startswith(START):
        came = f"the {len(jpeg)} bytes start with {jpeg[:4].hex(' ')}" if jpeg else "nothing"
        raise FrameError(
            Code.UNKNOWN_MESSAGE, f"Expected a JPEG (ff d8 ff …), came: {came}. {CAMERA_JPEG}"
        )
    header, scan = _walk(jpeg)
    _check_size(header, limits)
    if jpeg.rfind(END_OF_IMAGE) < scan:
        raise _cut_short(jpeg)
    # A scan of all colours is the only one that a decoder reads. Else it reads all there are.
    if jpeg[scan + 4] != header.components:
        _check_scans(jpeg, scan, limits)
    return header


def _walk(jpeg: bytes) -> tuple[Header, int]:
    """Return the size that the frame header tells, and where the first scan starts."""
    header: Header | None = None
    at = 2
    for _ in range(MAX_SEGMENTS):
        if at + 5 > len(jpeg) or jpeg[at] != 0xFF:
            break
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4])
        if marker == 0xFF:  # a fill byte
            at += 1
            continue
        if marker in (BASELINE, EXTENDED):
            header = _frame_header(jpeg[at + 4 : at + 2 + length])
        elif marker in OTHER_FRAMES:
            raise FrameError(
                Code.UNKNOWN_MESSAGE,
                f"Expected a baseline JPEG, came frame type {marker:#x} (progressive, lossless or "
                f"arithmetic). {CAMERA_JPEG}",
            )
        elif marker == START_OF_SCAN[1] and header and length >= 6:
            return header, at
        elif marker not in SKIPPED:
            break
        at += 2 + length
    raise FrameError(
        Code.UNKNOWN_MESSAGE,
        f"The JPEG of {len(jpeg)} bytes has a damaged header: no picture within its first "
        f"{MAX_SEGMENTS} segments. {CAMERA_JPEG}",
    )


def _check_scans(jpeg: bytes, at: int, limits: Limits) -> None:
    """Count scans from the first, at `at`, as a decoder does: past what segments hold, to the end
    of the picture, not of the bytes."""
    scans = 0
    for _ in range(MAX_SEGMENTS):
        found = MARKER.search(jpeg, at)
        if not found:
            raise _cut_short(jpeg)
        if found[0] == END_OF_IMAGE:
            return
        scans += found[0] == START_OF_SCAN
        if scans > limits.max_scans:
            break
        at = found.end() + max(int.from_bytes(jpeg[found.end() : found.end() + 2]), 2)
    raise FrameError(
        Code.TOO_LARGE,
        f"Expected at most {limits.max_scans} scans and {MAX_SEGMENTS} segments from the first on, "
        f"came more. {CAMERA_JPEG}",
    )


def _cut_short(jpeg: bytes) -> FrameError:
    return FrameError(
        Code.UNKNOWN_MESSAGE,
        f"The JPEG of {len(jpeg)} bytes ends before its picture does. Send it whole.",
    )


def _frame_header(segment: bytes) -> Header:
    if len(segment) < 6:
        raise FrameError(
            Code.UNKNOWN_MESSAGE, f"The JPEG's frame header is cut short. {CAMERA_JPEG}"
        )
    precision, components = segment[0], segment[5]
    if precision != 8 or components not in (1, 3):
        raise FrameError(
            Code.UNKNOWN_MESSAGE,
            f"Expected 8 bits and 1 or 3 colours, came {precision} bits and {components} colours. "
            + CAMERA_JPEG,
        )
    height, width = int.from_bytes(segment[1:3]), int.from_bytes(segment[3:5])
    return Header(width, height, components)


def _check_size(header: Header, limits: Limits) -> None:
    width, height, _ = header
    if width * height > limits.max_pixels or max(width, height) > limits.max_side:
        raise FrameError(
            Code.TOO_LARGE,
            f"Expected at most {limits.max_pixels} pixels and {limits.max_side} a side, came "
            f"{width} x {height}. Scale the picture down before sending it.",
        )
    if min(width, height) < limits.min_side:
        raise FrameError(
            Code.UNKNOWN_MESSAGE,
            f"Expected at least {limits.min_side} pixels a side, came {width} x {height}. Send a "
            "larger picture.",
        )
