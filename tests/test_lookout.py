"""Where new faces are looked for."""

import cv2
import numpy as np

from streamer.codec import ArrayFrame
from streamer.hog import Search
from streamer.lookout import CALM, URGENT, Lookout, merged
from streamer.types import Box, Image
from tests.clock import Clock

SIZE = (640, 480)
WHOLE = Search(Box(0, 0, *SIZE))
FACE = Box(300, 60, 90, 90)


def room(size: tuple[int, int] = SIZE) -> Image:
    """Return a room with something in each corner."""
    bgr = np.full((size[1], size[0], 3), 120, np.uint8)
    for x in (0, size[0] // 2):
        for y in (0, size[1] // 2):
            cv2.circle(bgr, (x + size[0] // 4, y + size[1] // 4), 60, (x % 200, y % 200, 40), -1)
    return bgr


def with_box(bgr: Image, box: Box, level: int = 220) -> Image:
    changed = bgr.copy()
    changed[box.y : box.y + box.h, box.x : box.x + box.w] = level
    return changed


class Scene:
    """A lookout before frames that come eight times a second."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.clock = Clock()
        self.lookout = Lookout(self.clock)
        self.size = size

    def next(self, bgr: Image, faces: list[Box] | None = None, lost: bool = False) -> list[Search]:
        self.clock.now += 0.125
        return self.lookout.next(ArrayFrame(bgr), faces or [], lost)


def test_at_the_start_the_whole_frame_is_searched_and_then_nothing() -> None:
    scene = Scene()
    assert scene.next(room()) == [WHOLE]
    assert [scene.next(room()) for _ in range(7)] == [[]] * 7


def test_another_scene_and_a_lost_face_are_searched_for_at_once() -> None:
    scene = Scene()
    scene.next(room())
    assert scene.next(255 - room()) == [WHOLE]
    assert scene.next(255 - room(), lost=True) == [WHOLE]


def test_what_changes_is_searched_at_once() -> None:
    scene = Scene()
    scene.next(room())
    box = Box(80, 240, 96, 160)
    (search,) = scene.next(with_box(room(), box))
    assert search.factor == 1
    assert search.region.x <= box.x
    assert search.region.x + search.region.w >= box.x + box.w
    assert search.cost < WHOLE.cost / 3
    assert scene.next(with_box(room(), box)) == []


def test_an_empty_room_is_searched_every_second() -> None:
    scene = Scene()
    searched = [bool(scene.next(room())) for _ in range(33)]
    assert [number for number, did in enumerate(searched) if did] == [0, 8, 16, 24, 32]


def test_beside_a_still_face_all_is_searched_every_ten_seconds_a_part_at_a_time() -> None:
    scene = Scene()
    scene.next(room())
    searches = [scene.next(room(), [FACE]) for _ in range(90)]
    assert not any(searches[:78])
    parts = [search for each in searches for search in each]
    assert len(parts) == 5
    assert max(search.cost for search in parts) <= CALM
    assert all(len(each) <= 1 for each in searches)


def test_where_a_known_face_moves_its_hands_is_searched_twice_a_second() -> None:
    scene = Scene()
    scene.next(room())
    searched = []
    for number in range(24):
        hands = with_box(room(), Box(200, 260, 120, 100), 250 - 60 * (number % 4))
        searched.append(bool(scene.next(hands, [FACE])))
    assert 5 <= sum(searched) <= 6
    assert searched[0]


def test_somebody_else_beside_a_known_face_is_searched_for_at_once() -> None:
    scene = Scene()
    scene.next(room())
    scene.next(room(), [FACE])
    (search,) = scene.next(with_box(room(), Box(8, 200, 72, 160)), [FACE])
    assert search.region.x < 80


def test_without_a_known_face_every_change_is_searched_at_once() -> None:
    scene = Scene()
    scene.next(room())
    for number in range(20):
        hands = with_box(room(), Box(200, 260, 120, 100), 250 - 60 * (number % 4))
        assert scene.next(hands)


def test_a_moving_camera_does_not_cost_more_than_a_share_of_each_frame() -> None:
    scene = Scene()
    rng = np.random.default_rng(0)
    large = cv2.GaussianBlur(rng.integers(0, 255, (600, 1400, 3), np.uint8), (0, 0), 8)
    large = ((large - large.min()) * (255 / np.ptp(large))).astype(np.uint8)
    spent = 0.0
    for number in range(101):
        view = np.ascontiguousarray(large[:480, 6 * number : 6 * number + 640])
        searches = scene.next(view, [FACE])
        if number:
            spent += sum(search.cost for search in searches)
            assert sum(search.cost for search in searches) <= URGENT
    assert spent / 100 < WHOLE.cost / 5


def test_a_large_frame_is_searched_small_first_and_then_part_by_part() -> None:
    scene = Scene((1920, 1080))
    bgr = room((1920, 1080))
    first = scene.next(bgr)
    assert first[0] == Search(Box(0, 0, 1920, 1080), 0.25)
    rest = [scene.next(bgr) for _ in range(8)]
    assert all(sum(search.cost for search in each) <= URGENT * 1.1 for each in rest)
    assert sum(len(each) for each in rest) >= 6


def test_parts_that_overlap_much_are_one() -> None:
    one, other, apart = Box(0, 0, 100, 100), Box(10, 0, 100, 100), Box(300, 0, 80, 80)
    assert sorted(merged([one, apart, other])) == [Box(0, 0, 110, 100), apart]
    corner = Box(95, 95, 100, 100)
    assert sorted(merged([one, corner])) == [one, corner]
    assert merged([]) == []
