"""The nouns that every layer speaks of. Lengths are pixels of the frame as it was sent."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
"""Pixels: (height, width, 3) blue-green-red, or (height, width) grey."""

Landmarks = NDArray[np.int32]
"""(68, 2): x and y of each point, in the order of iBUG 300-W."""


FAR = 1 << 20
"""Pixels beyond which nothing can be seen or drawn."""


class Box(NamedTuple):
    """A rectangle: its top left corner, width and height. It may reach beyond the frame."""

    x: int
    y: int
    w: int
    h: int

    def scaled(self, factor: float) -> Box:
        """Return the same region of a picture that is `factor` times as large."""
        left, top = round(self.x * factor), round(self.y * factor)
        right, bottom = round((self.x + self.w) * factor), round((self.y + self.h) * factor)
        return Box(left, top, right - left, bottom - top)

    def clipped(self, width: int, height: int) -> Box:
        """Return the part that lies within a frame of this size; w or h is 0 where none does."""
        left, top = min(max(self.x, 0), width), min(max(self.y, 0), height)
        right, bottom = (
            min(max(self.x + self.w, left), width),
            min(max(self.y + self.h, top), height),
        )
        return Box(left, top, right - left, bottom - top)

    def grown(self, share: float, pixels: int = 0) -> Box:
        """Return the box with a margin on each side: a share of that side, and pixels."""
        dx, dy = round(self.w * share) + pixels, round(self.h * share) + pixels
        return Box(self.x - dx, self.y - dy, self.w + 2 * dx, self.h + 2 * dy)

    def overlap(self, other: Box) -> float:
        """Return intersection over union, in 0..1."""
        left, top = max(self.x, other.x), max(self.y, other.y)
        right = min(self.x + self.w, other.x + other.w)
        bottom = min(self.y + self.h, other.y + other.h)
        shared = max(right - left, 0) * max(bottom - top, 0)
        union = self.w * self.h + other.w * other.h - shared
        return shared / union if union else 0.0

    @staticmethod
    def union(boxes: Iterable[Box]) -> Box | None:
        """Return the smallest box around all `boxes`, None where there are none."""
        corners = [(box.x, box.y, box.x + box.w, box.y + box.h) for box in boxes]
        if not corners:
            return None
        lefts, tops, rights, bottoms = zip(*corners, strict=True)
        return Box(min(lefts), min(tops), max(rights) - min(lefts), max(bottoms) - min(tops))


@dataclass(frozen=True, slots=True)
class Limits:
    """How large a JPEG may be: bytes, pixels, pixels of the longer side, scans; and how small:
    pixels of the shorter side."""

    max_bytes: int = 524_288
    max_pixels: int = 2_100_000
    max_side: int = 2048
    max_scans: int = 4
    min_side: ClassVar[int] = 16


@dataclass(frozen=True, slots=True)
class Emotion:
    """The most likely class, its confidence in 0..1, and those of all classes (they sum to 1)."""

    label: str
    confidence: float
    scores: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Face:
    """One face; it keeps its `id` from frame to frame while it is followed."""

    id: int
    box: Box
    landmarks: Landmarks | None = None
    emotion: Emotion | None = None


@dataclass(frozen=True, slots=True)
class Labelled:
    """What a detector of somebody's own found somewhere; confidence in 0..1."""

    box: Box
    label: str
    confidence: float = 1.0

    def __post_init__(self) -> None:
        """Take any four numbers for a box; ValueError where they are none."""
        try:
            box = Box(*(max(-FAR, min(round(number), FAR)) for number in self.box))
        except (TypeError, ValueError, OverflowError) as error:
            raise ValueError(f"expected a box of four finite numbers, came {self.box}") from error
        object.__setattr__(self, "box", box)
        object.__setattr__(self, "label", str(self.label))
        object.__setattr__(self, "confidence", float(self.confidence))


@dataclass(frozen=True, slots=True)
class Finding:
    """All that a detector of somebody's own found in a frame; `data` is sent as JSON."""

    boxes: Sequence[Labelled] = ()
    data: Mapping[str, Any] = field(default_factory=dict)


OWN_FORMS = ("size", "motion", "faces")
"""Names of what a message tells in a form of its own."""


@dataclass(frozen=True, slots=True)
class Detections:
    """What has been found in a frame so far; None where the detector did not run."""

    size: tuple[int, int]
    motion: tuple[Box, ...] | None = None
    faces: tuple[Face, ...] | None = None
    findings: Mapping[str, Finding] = field(default_factory=dict)

    def with_motion(self, regions: Iterable[Box]) -> Detections:
        return replace(self, motion=tuple(regions))

    def with_faces(self, faces: Iterable[Face]) -> Detections:
        return replace(self, faces=tuple(faces))

    def with_finding(self, name: str, boxes: Sequence[Labelled] = (), **data: Any) -> Detections:
        """Return these detections and what the detector `name` found.

        ValueError for the names of what every message has in a form of its own.
        """
        if name in OWN_FORMS:
            raise ValueError(f"expected a name other than {', '.join(OWN_FORMS)}, came {name!r}")
        return replace(self, findings={**self.findings, name: Finding(boxes, data)})


class Frame(ABC):
    """One picture of a stream, decoded into what somebody asks for, when they ask."""

    width: int
    height: int

    @property
    @abstractmethod
    def bgr(self) -> Image:
        """The picture in colour, (height, width, 3)."""

    @property
    @abstractmethod
    def gray(self) -> Image:
        """The picture in grey, (height, width)."""

    @property
    @abstractmethod
    def reduced(self) -> Image:
        """The picture in grey, 1/`reduction` as large, for what needs no detail."""

    @property
    def reduction(self) -> int:
        """How many times smaller `reduced` is: the power of two that brings it to 480 or less."""
        factor = 1
        while max(self.width, self.height) > 480 * factor and factor < 8:
            factor *= 2
        return factor

    @property
    @abstractmethod
    def decode_seconds(self) -> float:
        """The time spent on decoding so far."""


class State(StrEnum):
    """How a stream is."""

    CLOSED = "closed"
    """Nobody watches."""
    OPENING = "opening"
    LIVE = "live"
    FROZEN = "frozen"
    """It gave pictures, and gives none any more."""
    FAILED = "failed"
    """It cannot be opened, or was lost. It is tried again, as what is frozen is."""
    ENDED = "ended"
    """Nobody shares it any more, or the server stops; the last word."""


class FrameSource(ABC):
    """A camera at the server: one thread opens it, reads it and closes it, once.

    It is made of its spec, such as `usb:0`; SettingsError tells of one that cannot be used. To make
    it touches nothing: `manage.py check` does that.
    """

    @abstractmethod
    def open(self) -> None:
        """Connect, within 5 s; SourceError says why that cannot be."""

    @abstractmethod
    def read(self) -> Frame:
        """Wait for the next frame, for 5 s at the most; SourceError where none comes.

        What came before the newest is for whoever calls to leave out: read as fast as it comes.
        """

    @abstractmethod
    def close(self) -> None:
        """Let go of the device or connection, whatever became of it, also where `open` failed."""

    def answers(self) -> bool:
        """Tell within a second whether the camera is there, without opening it.

        Asked each second between attempts to open: what was away and is back is opened at once.
        May be asked while it is closed only, of an instance that is never opened.
        """
        return False

    def attend(self) -> None:  # noqa: B027, most cameras need nobody until they are watched
        """Begin what has to go on while nobody watches, such as answering a camera that sends and
        waits. Called once, when the server starts."""


@dataclass(frozen=True, slots=True)
class Timings:
    """Where the time of one frame went, in milliseconds."""

    decode: float
    detect: float
    draw: float
    encode: float


@dataclass(frozen=True, slots=True)
class PictureForm:
    """The picture to make: JPEG quality in 1..100, and the width in pixels that it is scaled down
    to, never up; None leaves it as it came."""

    quality: int = 70
    width: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a pipeline made of one frame: what was found, a JPEG of each form asked for, and the
    names of the detectors that failed at it."""

    detections: Detections
    jpegs: Mapping[PictureForm, bytes]
    ms: Timings
    failed: frozenset[str] = frozenset()


class Detector(ABC):
    """Finds something in the frames of one stream; one instance a stream.

    `name` is what messages and settings call it. What it reads of `found` is found by the
    detectors that `requires` names: they run before it and are switched on with it.
    """

    name: ClassVar[str]
    requires: ClassVar[Sequence[str]] = ()
    reads_gray: ClassVar[bool] = False
    """Whether it reads `frame.gray`: told before, `frame.reduced` is made of that."""

    @abstractmethod
    def detect(self, frame: Frame, found: Detections) -> Detections:
        """Return `found` and what this detector sees in `frame`."""

    def load(self) -> None:  # noqa: B027, most load nothing
        """Load what takes time, such as weights: called on each new instance before its first
        frame, and once in each thread when the server starts."""
