"""Whether the faces that are followed are those that dlib finds over every whole frame."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

import dlib
from rich.progress import Progress

from benchmarks import clip
from benchmarks.clip import Clip
from benchmarks.report import Table, number
from benchmarks.stream import TALL_CLIP, Stream
from streamer.codec import JpegFrame
from streamer.types import Box, Image

OVERLAP = 0.5
"""Intersection over union from which two boxes are the same face."""
FRAMES_APART = 5
"""A face of ours is no extra where dlib has it within this many frames, before or after."""
MIN_RECALL, MAX_EXTRA = 0.98, 0.01

Boxes = Sequence[Sequence[Box]]
"""Of each frame its faces."""


@dataclass(frozen=True, slots=True)
class FacesRow:
    """How the followed faces of one clip compare with dlib's, and what both take a frame.

    `recall` is the part of dlib's faces that were found, `extra` the part of those found that are
    none of dlib's.
    """

    clip: str
    width: int
    frames: int
    dlib_faces: int
    our_faces: int
    recall: float
    extra: float
    ms: float
    dlib_ms: float


def recall(ours: Boxes, dlibs: Boxes) -> float:
    """Return which part of dlib's faces one of ours of the same frame overlaps by half; in 0..1."""
    hits = [_same(face, here) for here, there in zip(ours, dlibs, strict=True) for face in there]
    return sum(hits) / len(hits) if hits else 1.0


def extra(ours: Boxes, dlibs: Boxes) -> float:
    """Return which part of our faces no face of dlib's overlaps by half within five frames either
    way; in 0..1."""
    strays = [
        not _same(face, [each for boxes in _around(dlibs, place) for each in boxes])
        for place, here in enumerate(ours)
        for face in here
    ]
    return sum(strays) / len(strays) if strays else 0.0


def _around(boxes: Boxes, place: int) -> Boxes:
    return boxes[max(place - FRAMES_APART, 0) : place + FRAMES_APART + 1]


def _same(face: Box, others: Iterable[Box]) -> bool:
    return any(face.overlap(other) >= OVERLAP for other in others)


def our_finder(fps: float) -> Callable[[bytes], list[Box]]:
    """Return what finds the faces of one stream as a session does, at so many frames a second."""
    stream = Stream(("faces",), fps, picture=None)

    def find(jpeg: bytes) -> list[Box]:
        return [face.box for face in stream.process(jpeg).detections.faces or ()]

    return find


def dlibs_finder() -> Callable[[bytes], list[Box]]:
    """Return dlib's own search over the whole of every frame."""
    detector = dlib.get_frontal_face_detector()

    def find(jpeg: bytes) -> list[Box]:
        found = detector(JpegFrame(jpeg, TALL_CLIP).gray)
        return [Box(each.left(), each.top(), each.width(), each.height()) for each in found]

    return find


def clips(source: Clip, width: int, *, quick: bool) -> Iterator[tuple[str, int, list[bytes]]]:
    """Yield name, width and JPEGs of what faces are followed in."""
    frames = list(source.frames(width))
    yield "as it is", width, clip.jpegs(frames)
    yield "hard cuts", width, clip.jpegs(clip.hard_cuts(frames))
    if quick:
        return
    yield "moving camera", width, clip.jpegs(clip.moving_camera(frames))
    yield "three times as fast", width, clip.jpegs(frames[::3])
    yield "four faces", width, clip.jpegs(clip.four_faces(frames))
    del frames
    for other in {1280, 1920} - {width}:
        few: Iterable[Image] = islice(source.frames(other), 30)
        yield "as it is", other, clip.jpegs(few)


def measure(
    source: Clip, width: int, fps: float, progress: Progress, *, quick: bool = False
) -> list[FacesRow]:
    """Compare in each clip the faces that are followed with dlib's."""
    task = progress.add_task("faces", total=2 if quick else 5 + len({1280, 1920} - {width}))
    rows = []
    for name, wide, jpegs in clips(source, width, quick=quick):
        progress.update(task, description=f"faces: {name} at {wide}")
        progress.refresh()
        rows.append(compare(name, wide, fps, jpegs))
        progress.advance(task)
    return rows


def compare(name: str, width: int, fps: float, jpegs: Sequence[bytes]) -> FacesRow:
    """Find the faces of one clip in both ways, frame by frame in turns."""
    finders = (our_finder(fps), dlibs_finder())
    found: tuple[list[list[Box]], list[list[Box]]] = ([], [])
    seconds = [0.0, 0.0]
    for jpeg in jpegs:
        for who, find in enumerate(finders):
            start = time.perf_counter()
            found[who].append(find(jpeg))
            seconds[who] += time.perf_counter() - start
    ours, dlibs = found
    ms, dlib_ms = (spent * 1e3 / len(jpegs) for spent in seconds)
    return FacesRow(
        clip=name,
        width=width,
        frames=len(jpegs),
        dlib_faces=sum(map(len, dlibs)),
        our_faces=sum(map(len, ours)),
        recall=recall(ours, dlibs),
        extra=extra(ours, dlibs),
        ms=ms,
        dlib_ms=dlib_ms,
    )


def table(rows: Sequence[FacesRow]) -> Table:
    """Return the rows as a table to be read."""
    return Table(
        "Faces that are followed, against dlib over every whole frame",
        f"recall: dlib's faces that were found; meant: {MIN_RECALL} or more. extra: faces that are "
        f"none of dlib's; meant: {MAX_EXTRA:.0%} or less.",
        ["clip", "width", "frames", "dlib's", "ours", "recall", "extra", "ms", "dlib ms"],
        [
            [
                row.clip,
                str(row.width),
                str(row.frames),
                str(row.dlib_faces),
                str(row.our_faces),
                number(row.recall, 3),
                f"{row.extra:.1%}",
                number(row.ms, 1),
                number(row.dlib_ms, 1),
            ]
            for row in rows
        ],
    )
