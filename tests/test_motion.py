"""Motion, on pictures whose motion is known."""

import cv2
import numpy as np
import pytest

from streamer.codec import ArrayFrame
from streamer.detectors.motion import MotionDetector
from streamer.types import Box, Detections, Image
from tests import footage

SIZES = [(640, 480), (320, 240), (1280, 720), (480, 640)]


def detect(detector: MotionDetector, image: Image) -> tuple[Box, ...]:
    height, width = image.shape[:2]
    found = detector.detect(ArrayFrame(image), Detections((width, height))).motion
    assert found is not None
    return found


def noisy(image: Image, random: np.random.Generator, sigma: float = 8) -> Image:
    noise = random.normal(0, sigma, image.shape)
    return np.clip(image + noise, 0, 255).astype(np.uint8)


def built(image: Image, frame_count: int = 4) -> MotionDetector:
    """Return a detector whose background is this image."""
    detector = MotionDetector(frame_count=frame_count)
    for _ in range(frame_count):
        assert detect(detector, image) == ()
    return detector


@pytest.mark.parametrize("size", SIZES)
def test_something_new_is_boxed_in_the_pixels_of_the_frame(size: tuple[int, int]) -> None:
    width, height = size
    scene = footage.shot(size=size).bgr
    detector = built(scene)
    moved = scene.copy()
    x, y, w, h = width // 4, height // 3, width // 5, height // 4
    moved[y : y + h, x : x + w] = 255 - moved[y : y + h, x : x + w]
    region = Box.union(detect(detector, moved))
    assert region is not None
    assert region.overlap(Box(x, y, w, h)) > 0.7


def test_two_things_that_move_are_two_regions_and_one_union() -> None:
    scene = np.full((480, 640, 3), 60, np.uint8)
    detector = built(scene)
    moved = scene.copy()
    moved[100:180, 50:120] = moved[300:380, 400:500] = 220
    regions = detect(detector, moved)
    assert len(regions) == 2
    union = Box.union(regions)
    assert union is not None
    assert union.overlap(Box(50, 100, 450, 280)) > 0.9


def test_a_still_scene_with_sensor_noise_has_no_motion() -> None:
    random = np.random.default_rng(7)
    scene = footage.shot().bgr
    detector = MotionDetector()
    assert [detect(detector, noisy(scene, random)) for _ in range(60)] == [()] * 60


def test_motion_is_found_in_the_first_frame_after_the_background_is_built() -> None:
    shots = list(footage.pan(40))
    detector = MotionDetector(frame_count=32)
    found = [bool(detect(detector, shot.bgr)) for shot in shots]
    assert found == [False] * 32 + [True] * 8


def test_lights_that_go_on_are_background_soon() -> None:
    scene = footage.shot().bgr
    detector = built(scene, frame_count=32)
    lit = cv2.add(scene, np.full_like(scene, 60))
    reports = [bool(detect(detector, lit)) for _ in range(40)]  # type: ignore[arg-type]
    assert reports[0]
    assert not any(reports[30:])


def test_a_frame_of_another_shape_starts_anew() -> None:
    detector = built(footage.shot().bgr)
    assert detect(detector, footage.shot(size=(480, 640)).bgr) == ()


@pytest.mark.parametrize(
    "options", [{"accum_weight": 0}, {"accum_weight": 2}, {"threshold": 300}, {"frame_count": 0}]
)
def test_options_that_make_no_sense_are_refused(options: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=f"came {next(iter(options.values()))}"):
        MotionDetector(**options)  # type: ignore[arg-type]


@pytest.mark.parametrize("size", [(641, 481), (1283, 722)])
def test_motion_at_the_border_stays_inside(size: tuple[int, int]) -> None:
    width, height = size
    scene = np.full((height, width, 3), 60, np.uint8)
    detector = built(scene)
    moved = scene.copy()
    moved[-80:, -80:] = moved[:80, :80] = 220
    regions = detect(detector, moved)
    assert len(regions) == 2
    for region in regions:
        assert region == region.clipped(width, height)


def test_a_speck_is_noise_and_no_motion() -> None:
    scene = np.full((240, 320, 3), 60, np.uint8)
    detector = built(scene)
    moved = scene.copy()
    moved[100:104, 100:104] = 255
    assert detect(detector, moved) == ()
