"""Words in the place of a picture."""

from __future__ import annotations

from functools import lru_cache

import cv2
import numpy as np

from streamer.codec import encode

GROUND, TEXT = (23, 19, 14), (225, 220, 214)
"""Blue, green, red."""
QUALITY = 80
MARGIN = 0.06
"""Share of the width that is left free on each side."""


@lru_cache(maxsize=64)
def card(words: str, size: tuple[int, int]) -> bytes:
    """Return a JPEG of `size` (width, height) with words in its middle, for viewers that show
    pictures only. It is kept: all who watch get the same."""
    width, height = size
    scene = np.full((height, width, 3), GROUND, np.uint8)
    font = cv2.FontFace("sans")
    text_size = max(11, min(round(width / 32), round(height / 12)))
    lines = _lines(words, font, text_size, round(width * (1 - 2 * MARGIN)), size)
    top = (height - len(lines) * text_size * 3 // 2) // 2
    for number, line in enumerate(lines):
        at = (round(width * MARGIN), top + text_size + number * text_size * 3 // 2)
        cv2.putText(scene, line, at, TEXT, font, text_size, 400)
    return encode(scene, QUALITY)


def _lines(
    words: str, font: cv2.FontFace, text_size: int, most: int, size: tuple[int, int]
) -> list[str]:
    """Return words in lines of `most` pixels at the most; a longer word has a line to itself."""
    lines = [""]
    for word in words.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and cv2.getTextSize(size, longer, (0, 0), font, text_size, 400)[2] > most:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines
