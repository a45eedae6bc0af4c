"""What is done to each frame of one stream: decode, detect, draw, encode."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import imutils

from streamer.codec import encode, scaled_width
from streamer.overlay import Caption, annotate
from streamer.rate import RateMeter
from streamer.types import (
    Detections,
    Detector,
    Frame,
    Image,
    PictureForm,
    Result,
    Timings,
)


@dataclass(frozen=True, slots=True)
class DetectorSpec:
    """A class of detectors and the options that its instances are made with."""

    cls: type[Detector]
    options: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.cls.name

    def build(self) -> Detector:
        return self.cls(**self.options)


def with_required(names: Iterable[str], specs: Sequence[DetectorSpec]) -> tuple[str, ...]:
    """Return `names` and what those require, in the order in which they run.

    ValueError names a detector that `specs` does not have.
    """
    known = {spec.name: spec for spec in specs}
    wanted: set[str] = set()
    pending = list(names)
    while pending:
        name = pending.pop()
        if name not in known:
            raise ValueError(f"Expected detectors among {', '.join(known)}; came {name[:40]!r}")
        if name not in wanted:
            wanted.add(name)
            pending += known[name].cls.requires
    return tuple(name for name in known if name in wanted)


class Pipeline:
    """Holds the detectors of one stream, and their state. Not for two threads at once."""

    def __init__(self, specs: Sequence[DetectorSpec]) -> None:
        self._specs = specs
        self._detectors: dict[str, Detector] = {}
        self._size: tuple[int, int] | None = None
        self._rate = RateMeter()
        self._count = 0

    def process(self, frame: Frame, detectors: Sequence[str], *forms: PictureForm) -> Result:
        """Run the named detectors over the frame, and draw what they found into a picture of each
        form.

        FrameError tells of a frame that turns out to be damaged when it is decoded.
        """
        self._count += 1
        self._rate.tick()
        start = time.perf_counter()
        detections = Detections((frame.width, frame.height))
        running = self._running(detectors, detections.size)
        # First what is needed anyhow, so that the rest is made of it and not decoded for itself.
        if forms:
            _ = frame.bgr
        elif any(detector.reads_gray for detector in running):
            _ = frame.gray
        for detector in running:
            detections = detector.detect(frame, detections)
        detected = time.perf_counter()
        widths = {form: scaled_width(frame, form.width) for form in forms}
        scenes = self._draw(frame, detections, set(widths.values()))
        drawn = time.perf_counter()
        # Forms may differ and be one picture, such as that of a width and that of the frame's own.
        looks = {(width, form.quality) for form, width in widths.items()}
        encoded = {look: encode(scenes[look[0]], look[1]) for look in looks}
        jpegs = {form: encoded[width, form.quality] for form, width in widths.items()}
        decode = frame.decode_seconds
        timings = Timings(
            decode=decode * 1e3,
            detect=(detected - start - decode) * 1e3,
            draw=(drawn - detected) * 1e3,
            encode=(time.perf_counter() - drawn) * 1e3,
        )
        return Result(detections, jpegs, timings)

    def _running(self, names: Sequence[str], size: tuple[int, int]) -> Collection[Detector]:
        """Return the named detectors in order. One that was off, or saw frames of another size
        (a turned phone), starts anew."""
        if size != self._size:
            self._size = size
            self._detectors.clear()
        if names != tuple(self._detectors):
            self._detectors = {
                spec.name: self._detectors.get(spec.name) or self._new(spec)
                for spec in self._specs
                if spec.name in names
            }
        return self._detectors.values()

    def _new(self, spec: DetectorSpec) -> Detector:
        detector = spec.build()
        detector.load()
        return detector

    def _draw(self, frame: Frame, detections: Detections, widths: set[int]) -> dict[int, Image]:
        """Return a scene of each width. The frame's own pixels are drawn into, once all others are
        made of them."""
        caption = Caption(datetime.now(), self._count, self._rate.per_second)
        scenes = {
            width: frame.bgr if width == frame.width else imutils.resize(frame.bgr, width=width)
            for width in widths
        }
        for scene in scenes.values():
            annotate(scene, detections, caption)
        return scenes
