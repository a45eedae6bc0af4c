"""Boxes and detections."""

import numpy as np
import pytest

from streamer.codec import ArrayFrame
from streamer.types import Box, Detections, Face, Labelled


def test_the_union_spans_all_boxes() -> None:
    assert Box.union([Box(10, 20, 30, 40), Box(0, 50, 5, 5)]) == Box(0, 20, 40, 40)


def test_the_union_of_no_boxes_is_none() -> None:
    assert Box.union([]) is None


@pytest.mark.parametrize(
    ("box", "inside"),
    [
        (Box(-10, -10, 30, 30), Box(0, 0, 20, 20)),
        (Box(90, 90, 30, 30), Box(90, 90, 10, 10)),
        (Box(200, 200, 30, 30), Box(100, 100, 0, 0)),
        (Box(-50, 10, 20, 20), Box(0, 10, 0, 20)),
    ],
)
def test_clipping_leaves_what_is_inside(box: Box, inside: Box) -> None:
    assert box.clipped(100, 100) == inside


def test_a_box_grows_on_each_side() -> None:
    assert Box(10, 20, 40, 60).grown(0.5) == Box(-10, -10, 80, 120)
    assert Box(10, 20, 40, 60).grown(0, 5) == Box(5, 15, 50, 70)


def test_overlap_is_intersection_over_union() -> None:
    box = Box(0, 0, 10, 10)
    assert box.overlap(box) == 1
    assert box.overlap(Box(5, 0, 10, 10)) == pytest.approx(50 / 150)
    assert box.overlap(Box(10, 0, 10, 10)) == 0
    assert Box(0, 0, 0, 0).overlap(Box(0, 0, 0, 0)) == 0


def test_boxes_that_touch_still_touch_when_they_are_scaled() -> None:
    left, right = Box(0, 0, 33, 10).scaled(0.7), Box(33, 0, 40, 10).scaled(0.7)
    assert left.x + left.w == right.x


def test_detections_grow_without_changing_those_before() -> None:
    first = Detections((640, 480))
    second = first.with_motion([Box(1, 2, 3, 4)]).with_faces([Face(0, Box(1, 2, 3, 4))])
    third = second.with_finding("hands", [Labelled(Box(5, 6, 7, 8), "left")], count=1)
    assert (first.motion, first.faces, first.findings) == (None, None, {})
    assert second.findings == {}
    assert third.motion == (Box(1, 2, 3, 4),)
    assert third.findings["hands"].data == {"count": 1}


@pytest.mark.parametrize(
    ("size", "reduction"), [((480, 360), 1), ((640, 480), 2), ((1280, 720), 4), ((2048, 16), 8)]
)
def test_reduction_brings_the_longer_side_to_480_or_less(
    size: tuple[int, int], reduction: int
) -> None:
    frame = ArrayFrame(np.zeros((size[1], size[0], 3), np.uint8))
    assert frame.reduction == reduction


def test_anybodys_numbers_make_a_box() -> None:
    labelled = Labelled((1.4, 2.6, 1e12, np.int64(4)), 5, 1)  # type: ignore[arg-type]
    assert labelled.box == Box(1, 3, 1 << 20, 4)
    assert (labelled.label, labelled.confidence) == ("5", 1.0)


@pytest.mark.parametrize("box", [(1, 2, 3), (1, 2, 3, float("nan")), (1, 2, 3, float("inf")), None])
def test_what_is_no_box_is_told(box: object) -> None:
    with pytest.raises(ValueError, match="expected a box of four finite numbers, came"):
        Labelled(box, "thing")  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["size", "motion", "faces"])
def test_a_finding_takes_no_name_that_has_a_form_of_its_own(name: str) -> None:
    with pytest.raises(ValueError, match=f"came '{name}'"):
        Detections((1, 1)).with_finding(name)
