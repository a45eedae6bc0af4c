"""A number within the picture itself: whatever a server drops, a picture tells how old it is.

It is black and white cells in the bottom right corner, which the server leaves as it came
(`streamer.overlay.RESERVED`): a parity cell, then the number's bits, the highest first.
"""

from __future__ import annotations

import numpy as np
import simplejpeg

from streamer.types import Image

BITS = 12
CELL = 16
"""Pixels of a cell's side in the picture as it is sent."""
NUMBERS = (1 << BITS) - 1
"""How many numbers there are, from 0; all cells white is none of them, and all black neither."""

SURE = 64
"""Grey levels within which a cell must be black or white, or else the picture is damaged."""

_WEIGHTS = 1 << np.arange(BITS - 1, -1, -1)


def stamp(picture: Image, number: int) -> None:
    """Write the number into `picture`, (height, width, 3), in place."""
    if not 0 <= number < NUMBERS:
        raise ValueError(f"expected a number of 0 to {NUMBERS - 1}, came {number}")
    bits = [bool(number >> place & 1) for place in range(BITS - 1, -1, -1)]
    cells = np.array([sum(bits) % 2 == 0, *bits])
    strip = np.repeat(cells, CELL) * np.uint8(255)
    picture[-CELL:, -strip.size :] = strip[None, :, None]


def read(jpeg: bytes, sent_width: int) -> int | None:
    """Return the number in a picture that was sent `sent_width` pixels wide, at whatever width it
    came back; None where it cannot be read.

    ValueError tells of bytes that are no JPEG. The picture is decoded at about a quarter of its
    size, which leaves a cell four pixels: reading must cost the machine little.
    """
    height, width, _, _ = simplejpeg.decode_jpeg_header(jpeg)
    smaller = max(CELL * width / sent_width / 4, 1)
    # Not by the fast DCT, which is wrong by a quarter of the range where black meets white.
    gray = simplejpeg.decode_jpeg(
        jpeg, "GRAY", min_height=int(height / smaller), min_width=int(width / smaller)
    )[:, :, 0]
    cell = CELL * gray.shape[1] / sent_width
    lefts = gray.shape[1] - cell * np.arange(BITS + 1, 0, -1)
    if lefts[0] < 0 or cell < 2:
        return None
    strip = gray[_middle(gray.shape[0] - cell, cell)]
    levels = np.array([strip[:, _middle(left, cell)].mean() for left in lefts])
    cells = levels > 127
    if np.any((levels > SURE) & (levels < 255 - SURE)) or cells.sum() % 2 == 0:
        return None
    value = int(_WEIGHTS @ cells[1:])
    return value if value < NUMBERS else None


def _middle(start: float, cell: float) -> slice:
    """Return the middle half of a cell: its neighbours bleed into the rest."""
    first = round(start + cell / 4)
    return slice(first, max(round(start + cell * 3 / 4), first + 1))
