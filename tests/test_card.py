"""Words in the place of a picture, looked at in its pixels."""

from __future__ import annotations

import numpy as np
import pytest
import simplejpeg

from streamer.card import GROUND, MARGIN, card
from streamer.types import Image

SIZES = [(320, 180), (640, 480), (1920, 1080)]
SHORT = "porch: The camera did not answer within 5 s. Trying again."
LONG = (
    "porch: The camera wants another user name or password. Write them into its address, as in "
    "rtsp://USER:PASSWORD@HOST/PATH. Trying again."
)


def pixels(words: str, size: tuple[int, int]) -> Image:
    """Return the picture in grey, (height, width)."""
    image: Image = simplejpeg.decode_jpeg(card(words, size), "GRAY")[:, :, 0]
    assert image.shape == (size[1], size[0])
    return image


def inked(image: Image) -> tuple[range, range]:
    """Return the columns and the rows from the first to the last with letters in it."""
    rows, columns = np.nonzero(image > max(GROUND) + 60)
    return range(columns.min(), columns.max() + 1), range(rows.min(), rows.max() + 1)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("words", ["closed", SHORT, LONG, "Türklingel: keine Antwort, später"])
def test_the_words_are_inside_the_picture(words: str, size: tuple[int, int]) -> None:
    width, height = size
    columns, rows = inked(pixels(words, size))
    assert columns.start >= width * MARGIN * 0.8
    assert columns.stop <= width * (1 - MARGIN * 0.8)
    assert rows.start >= height * 0.03
    assert rows.stop <= height * 0.97


@pytest.mark.parametrize("size", SIZES)
def test_the_words_are_in_the_middle_from_top_to_bottom(size: tuple[int, int]) -> None:
    _, rows = inked(pixels(SHORT, size))
    middle = (rows.start + rows.stop) / 2
    assert middle == pytest.approx(size[1] / 2, abs=size[1] * 0.06)


@pytest.mark.parametrize("size", SIZES)
def test_they_can_be_read(size: tuple[int, int]) -> None:
    """A capital letter is at least 8 pixels high, also in the small pictures of a wall."""
    _, rows = inked(pixels("I", size))
    assert len(rows) >= 8


def test_other_words_are_another_picture_and_the_same_is_made_once() -> None:
    assert card(SHORT, (640, 480)) is card(SHORT, (640, 480))
    assert card(SHORT, (640, 480)) != card(LONG, (640, 480))


@pytest.mark.parametrize("size", [*SIZES, (16, 16), (2048, 16), (16, 2048), (159, 91)])
@pytest.mark.parametrize("words", ["", " ", "x" * 500, "word " * 500, "\n\t\0%s{}", "門鈴 🔔"])
def test_whatever_comes_is_drawn(words: str, size: tuple[int, int]) -> None:
    pixels(words, size)
