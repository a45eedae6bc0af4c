"""Following a patch, and a face by it."""

import numpy as np
import pytest

from streamer.codec import ArrayFrame
from streamer.tracking import Patch, Track
from streamer.types import Box
from tests import footage


@pytest.mark.parametrize(("dx", "dy"), [(0, 0), (3, -2), (0.5, 0.25), (-7, 6)])
def test_a_patch_is_found_where_it_has_moved(dx: float, dy: float) -> None:
    before = ArrayFrame(footage.shot(zoom=1).bgr)
    after = ArrayFrame(footage.shot(dx, dy, zoom=1).bgr)
    patch = Patch(before.gray, 224, 126, 64)
    right, down, sure = patch.find(after.gray, 224, 126)
    assert (right, down) == pytest.approx((dx, dy), abs=0.3)
    assert sure > 0.95


def test_beyond_its_reach_a_patch_is_not_found() -> None:
    before = ArrayFrame(footage.shot(zoom=1).bgr)
    after = ArrayFrame(footage.shot(60, 0, zoom=1).bgr)
    assert Patch(before.gray, 224, 126, 64).find(after.gray, 224, 126)[2] < 0.5


def test_where_there_is_nothing_to_see_nothing_is_sure() -> None:
    blank = np.full((480, 640), 90, np.uint8)
    assert Patch(blank, 224, 126, 64).find(blank, 224, 126)[2] < 0.5


def test_a_patch_at_the_border_is_followed() -> None:
    before = ArrayFrame(footage.shot(-170, 0, zoom=1).bgr)
    after = ArrayFrame(footage.shot(-173, 0, zoom=1).bgr)
    right, _, sure = Patch(before.gray, 40, 126, 96).find(after.gray, 40, 126)
    assert right == pytest.approx(-3, abs=0.5)
    assert sure > 0.8


def test_a_track_goes_along_with_its_face() -> None:
    start = footage.shot()
    track = Track(0, start.face, ArrayFrame(start.bgr))
    for step in range(1, 12):
        shot = footage.shot(dx=4 * step, dy=-2 * step)
        assert track.follow(ArrayFrame(shot.bgr)) > 0.9
        assert track.box.overlap(shot.face) > 0.85


def test_the_box_of_a_still_face_stands_still() -> None:
    rng = np.random.default_rng(0)
    shot = footage.shot()
    track = Track(0, shot.face, ArrayFrame(shot.bgr))
    boxes = set()
    for number in range(20):
        noisy = np.clip(shot.bgr + rng.normal(0, 4, shot.bgr.shape), 0, 255).astype(np.uint8)
        track.follow(ArrayFrame(noisy))
        if number % 3 == 0:  # the detector places it in its grid, now here, now there
            dx, dy = rng.integers(-4, 5, 2)
            box = Box(shot.face.x + dx, shot.face.y + dy, shot.face.w, shot.face.h)
            track.settle(box, True, ArrayFrame(noisy))
        boxes.add(track.box)
    assert len(boxes) == 1


def test_a_box_that_is_far_off_goes_there_at_once() -> None:
    frame = ArrayFrame(footage.shot().bgr)
    track = Track(0, Box(200, 100, 100, 100), frame)
    track.settle(Box(250, 120, 160, 160), True, frame)
    assert track.box == Box(250, 120, 160, 160)


def test_doubt_grows_until_the_face_is_clear_again() -> None:
    shot = footage.shot()
    frame = ArrayFrame(shot.bgr)
    track = Track(0, shot.face, frame)
    track.settle(shot.face, False, frame)
    assert track.doubt == 1
    track.follow(frame)
    track.settle(shot.face, False, frame)
    assert track.doubt == 2
    track.settle(shot.face, True, frame)
    assert track.doubt == 0
