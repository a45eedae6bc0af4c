"""Which parts of a picture have changed since they were searched."""

from collections.abc import Iterable

import numpy as np
import pytest

from streamer.attention import Attention
from streamer.types import Box, Image

WIDTH = 640
LEAST = 40


def room(seed: int = 0, noise: float = 4) -> Image:
    """Return a grey room, 320x240, as a camera of some noise sees it."""
    rng = np.random.default_rng(seed)
    return np.clip(rng.normal(120, noise, (240, 320)), 0, 255).astype(np.uint8)


def with_patch(picture: Image, box: Box, level: int = 60) -> Image:
    """Return the picture with a darker box; its pixels are those of a frame twice as large."""
    x, y, w, h = box.scaled(0.5)
    changed = picture.copy()
    changed[y : y + h, x : x + w] = level
    return changed


def attentive() -> Attention:
    """Return one that has seen and searched the empty room."""
    attention = Attention()
    attention.look(room(), WIDTH, 0)
    attention.searched(Box(0, 0, 640, 480), rests=False)
    return attention


def boxes(
    attention: Attention, rest: float = 0, least: int = LEAST, apart_from: Iterable[Box] = ()
) -> list[Box]:
    """Return the parts that are told in which there is news."""
    return [each.box for each in attention.changed(least, apart_from, rest) if each.share]


def test_the_first_picture_is_a_new_scene() -> None:
    attention = Attention()
    attention.look(room(), WIDTH, 0)
    assert attention.cut
    attention.look(room(1), WIDTH, 1)
    assert not attention.cut


def test_another_scene_is_told_from_a_change() -> None:
    attention = attentive()
    attention.look(with_patch(room(1), Box(0, 0, 320, 400)), WIDTH, 1)
    assert not attention.cut
    attention.look(255 - room(2), WIDTH, 1)
    assert attention.cut


def test_noise_is_no_change() -> None:
    attention = attentive()
    for seed in range(1, 6):
        attention.look(room(seed, noise=10), WIDTH, 1)
        assert boxes(attention) == []


def test_each_change_has_a_box_that_holds_it() -> None:
    attention = attentive()
    one, other = Box(80, 96, 80, 88), Box(400, 200, 160, 120)
    attention.look(with_patch(with_patch(room(1), one), other), WIDTH, 1)
    assert sorted(boxes(attention)) == [one, other]


def test_what_was_searched_is_changed_no_more() -> None:
    attention = attentive()
    box = Box(400, 200, 160, 120)
    attention.look(with_patch(room(1), box), WIDTH, 1)
    attention.searched(box)
    assert boxes(attention) == []
    attention.look(room(2), WIDTH, 1)
    assert boxes(attention) == [box]


def test_what_changes_a_little_at_a_time_counts_in_the_end() -> None:
    attention = attentive()
    box = Box(400, 200, 160, 120)
    told = []
    for step in range(1, 8):
        attention.look(with_patch(room(step), box, level=120 - 2 * step), WIDTH, 1)
        told.append(boxes(attention))
    assert told[0] == []
    assert told[-1] == [box]


def test_small_changes_and_what_is_left_out_are_not_told() -> None:
    attention = attentive()
    attention.look(with_patch(room(1), Box(400, 200, 24, 120)), WIDTH, 1)
    assert boxes(attention) == []
    attention.look(with_patch(room(2), Box(400, 200, 160, 120)), WIDTH, 1)
    assert boxes(attention, apart_from=[Box(380, 180, 200, 160)]) == []


def test_what_rests_is_told_when_it_has_rested() -> None:
    attention = attentive()
    box = Box(400, 200, 160, 120)
    for tick, level in ((1, 60), (2, 200), (3, 60)):
        attention.look(with_patch(room(tick), box, level), WIDTH, tick)
        assert boxes(attention, rest=5) == ([box] if tick == 1 else [])
        if tick == 1:
            attention.searched(box)
    attention.look(with_patch(room(6), box, 200), WIDTH, 6)
    assert boxes(attention, rest=5) == [box]
    attention.searched(box, rests=False)
    attention.look(with_patch(room(7), box, 60), WIDTH, 7)
    assert boxes(attention, rest=5) == [box]


@pytest.mark.parametrize("size", [(112, 2048), (96, 2040), (2048, 112), (333, 777)])
def test_in_a_narrow_picture_boxes_are_where_the_change_is(size: tuple[int, int]) -> None:
    width, height = size
    picture = np.full((height, width), 120, np.uint8)
    attention = Attention()
    attention.look(picture, width, 0)
    attention.searched(Box(0, 0, width, height), rests=False)
    box = Box(width * 3 // 4 - 40, height * 3 // 4 - 40, 80, 80).clipped(width, height)
    changed = picture.copy()
    changed[box.y : box.y + box.h, box.x : box.x + box.w] = 20
    attention.look(changed, width, 1)
    (told,) = boxes(attention, least=20)
    assert told.overlap(box) > 0.4  # a cell is up to 26 pixels


def test_what_walks_on_is_told_whole_with_where_it_is_new() -> None:
    attention = attentive()
    attention.look(with_patch(room(1), Box(400, 200, 160, 120)), WIDTH, 1)
    attention.searched(Box(400, 200, 160, 120))
    walked = Box(360, 200, 160, 120)
    attention.look(with_patch(room(2), walked, level=90), WIDTH, 2)
    ((box, news, share),) = attention.changed(LEAST, rest=5)
    assert box.overlap(walked) > 0.7
    assert news == Box(360, 200, 40, 120)
    assert 0.1 < share < 0.4


def test_a_picture_taller_than_wide_has_its_cells() -> None:
    attention = Attention()
    upright = np.full((320, 240), 120, np.uint8)
    attention.look(upright, 480, 0)
    attention.searched(Box(0, 0, 480, 640))
    attention.look(with_patch(upright, Box(96, 400, 96, 96)), 480, 1)
    assert boxes(attention) == [Box(96, 400, 96, 96)]
