"""dlib's detector over parts of a picture, and how parts are laid over a large one."""

import pytest

from streamer.codec import ArrayFrame
from streamer.hog import OVERLAP, WINDOW, Search, look, plan
from streamer.types import Box
from tests import footage

WHOLE = Box(0, 0, 640, 480)


def test_a_hit_is_in_the_pixels_of_the_picture_whatever_part_and_scale() -> None:
    shot = footage.shot()
    gray = ArrayFrame(shot.bgr).gray
    around = shot.face.grown(0.5)
    for search in (Search(WHOLE), Search(around), Search(around, 0.75), Search(WHOLE, 0.8)):
        (hit,) = look(gray, search)
        assert hit.box.overlap(shot.face) > 0.7
        assert hit.score > 0


def test_near_scales_a_large_face_down_and_a_small_one_up() -> None:
    large = Search.near(Box(100, 100, 240, 240), 0.25)
    assert large.factor == pytest.approx((5 / 6) ** 6)
    assert 80 <= 240 * large.factor <= 96
    assert large.region == Box(40, 40, 360, 360)
    assert Search.near(Box(0, 0, 73, 73), 0.25).factor == 1
    assert Search.near(Box(0, 0, 73, 73), 0.25, enlarge=True).factor == pytest.approx(80 / 73)


def test_a_lower_threshold_tells_of_more() -> None:
    gray = ArrayFrame(footage.shot().bgr).gray
    assert len(look(gray, Search(WHOLE), -1.0)) > len(look(gray, Search(WHOLE)))


def test_beyond_the_picture_there_is_nothing() -> None:
    gray = ArrayFrame(footage.shot().bgr).gray
    assert look(gray, Search(Box(700, 0, 100, 100))) == []
    assert look(gray, Search(Box(-300, -300, 100, 100))) == []


def test_what_the_budget_allows_is_searched_in_one() -> None:
    assert plan(WHOLE, 640 * 480) == [Search(WHOLE)]


@pytest.mark.parametrize("size", [(640, 480), (480, 640), (1280, 720), (1920, 1080), (2048, 320)])
def test_every_face_is_whole_in_a_part_that_is_looked_at_in_its_scale(
    size: tuple[int, int],
) -> None:
    """Faces of a window and more, everywhere, in some search in which the window is as large."""
    budget = max(400 * 320, size[0] * size[1] // 4)
    searches = plan(Box(0, 0, *size), budget)
    assert all(search.cost <= budget * 1.1 for search in searches)
    for side in (WINDOW, OVERLAP, 2 * OVERLAP):
        for x in range(0, size[0] - side, 40):
            for y in range(0, size[1] - side, 40):
                assert any(
                    search.region.x <= x
                    and search.region.y <= y
                    and x + side <= search.region.x + search.region.w
                    and y + side <= search.region.y + search.region.h
                    and side * search.factor >= WINDOW
                    for search in searches
                ), (side, x, y)
