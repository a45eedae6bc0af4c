"""The pipeline alone, in one thread: from the JPEG that came to the message that goes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Literal

from rich.progress import Progress

from benchmarks import clip
from benchmarks.clip import Clip
from benchmarks.limit import Effort, Work, against_limit
from benchmarks.report import Table, number
from benchmarks.stream import ALL, Stream
from streamer.dialects import Answer, Dialect, Plain, Version1
from streamer.types import PictureForm
from streamer.wire import Reply

Form = Literal["plain", "base64", "binary", "results"]
"""The plain dialect, or the reply form of a `videostream.v1` session."""

MOTION, FACES = ("motion",), ("faces",)
BOTH: tuple[Form, ...] = ("base64", "results")
"""With the picture as a session sends it by default, and without one."""
WIDTHS = (320, 640, 1280, 1920)


@dataclass(frozen=True, slots=True)
class Case:
    """What is measured: frames of this width, with about this many faces."""

    detectors: tuple[str, ...]
    form: Form
    width: int
    faces: int = 1


@dataclass(frozen=True, slots=True)
class PipelineRow:
    """A case and what came out; `at_most` is where the ratio is meant to stay."""

    case: Case
    ratio: float
    ms: float
    limit_ms: float
    frames: int
    at_most: float | None


TARGETS: dict[tuple[tuple[str, ...], Form], float] = {
    (MOTION, "base64"): 1.7,
    (MOTION, "results"): 0.6,
    (ALL, "base64"): 4.0,
    (ALL, "results"): 3.0,
}
"""Most times the limit that a frame with one face may take, at 640 x 480."""


def cases(width: int, *, quick: bool) -> list[Case]:
    """Return what to measure: each detector, form and width; not all of their products."""
    rows: list[tuple[tuple[str, ...], tuple[Form, ...], int, int]]
    if quick:
        rows = [((), ("binary",), width, 1), (MOTION, BOTH, width, 1), (ALL, BOTH, width, 1)]
    else:
        rows = [
            ((), ("plain", "base64", "binary"), width, 1),
            (MOTION, ("base64", "binary", "results"), width, 1),
            (FACES, BOTH, width, 1),
            ((*FACES, "landmarks"), BOTH, width, 1),
            ((*FACES, "emotion"), BOTH, width, 1),
            (ALL, ("plain", "base64", "binary", "results"), width, 1),
            (FACES, BOTH, width, 4),
            (ALL, BOTH, width, 4),
        ]
        for other in sorted(set(WIDTHS) - {width}):
            rows += [(MOTION, BOTH, other, 1), (ALL, BOTH, other, 1)]
    return [
        Case(detectors, form, wide, faces)
        for detectors, forms, wide, faces in rows
        for form in forms
    ]


def work_of(case: Case, fps: float) -> Work:
    """Return what one session does to a frame that comes so many times a second."""
    dialect: Dialect = Plain() if case.form == "plain" else Version1()
    reply: Reply = "base64" if case.form == "plain" else case.form
    picture = None if reply == "results" else PictureForm()
    stream = Stream(case.detectors, fps, picture)
    numbers = count()

    def work(jpeg: bytes) -> object:
        result = stream.process(jpeg)
        returned = result.jpegs[picture] if picture else None
        return dialect.result(reply, Answer(next(numbers), 0, 0.0, result, returned))

    return work


def measure(
    source: Clip, chosen: Sequence[Case], fps: float, effort: Effort, progress: Progress
) -> list[PipelineRow]:
    """Measure each case against the limit of the same frames, which come `fps` times a second."""
    task = progress.add_task("pipeline", total=len(chosen))
    rows: list[PipelineRow] = []
    made: dict[tuple[int, int], list[bytes]] = {}
    for case in chosen:
        progress.update(task, description=f"pipeline: {_named(case)} at {case.width}")
        progress.refresh()
        key = (case.width, case.faces)
        if key not in made:
            made = {key: frames_of(source, *key)}  # one at a time: large ones take much memory
        measured = against_limit(work_of(case, fps), made[key], effort)
        at_most = TARGETS.get((case.detectors, case.form))
        rows.append(
            PipelineRow(
                case=case,
                ratio=measured.ratio,
                ms=measured.ms,
                limit_ms=measured.limit_ms,
                frames=measured.frames,
                at_most=at_most if (case.width, case.faces) == (640, 1) else None,
            )
        )
        progress.advance(task)
    return rows


def frames_of(source: Clip, width: int, faces: int) -> list[bytes]:
    """Return the clip as JPEGs of this width, with one face or four."""
    frames = source.frames(width)
    return clip.jpegs(frames if faces == 1 else clip.four_faces(list(frames)))


def _named(case: Case) -> str:
    if case.detectors == ALL:
        return "all"
    return ", ".join(case.detectors) or "none"


def table(rows: Sequence[PipelineRow]) -> Table:
    """Return the rows as a table to be read."""
    return Table(
        "Pipeline, one thread, a frame",
        f"all: {', '.join(ALL)}. plain: the plain dialect; other replies are videostream.v1's. "
        "limit: decode and encode of the same frames. at most: where x limit is meant to stay.",
        ["width", "faces", "detectors", "reply", "x limit", "at most", "ms", "limit ms"],
        [
            [
                str(row.case.width),
                str(row.case.faces),
                _named(row.case),
                row.case.form,
                number(row.ratio, 2),
                number(row.at_most, 1),
                number(row.ms, 2),
                number(row.limit_ms, 2),
            ]
            for row in rows
        ],
    )
