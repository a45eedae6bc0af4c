"""What is done to each frame of one stream: decode, detect, draw, encode."""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import imutils

from streamer import metrics
from streamer.codec import encode, scaled_width
from streamer.errors import FrameError
from streamer.occasional import OccasionalLog
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

troubles = OccasionalLog(logging.getLogger(__name__))


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


def without(
    failed: Collection[str], names: Iterable[str], specs: Sequence[DetectorSpec]
) -> tuple[str, ...]:
    """Return `names` but the failed ones, and those that require one of them."""
    return tuple(name for name in names if not {*failed} & {*with_required([name], specs)})


class Pipeline:
    """Holds the detectors of one stream, and their state. Not for two threads at once."""

    def __init__(self, specs: Sequence[DetectorSpec]) -> None:
        self._specs = specs
        self._detectors: dict[str, Detector] = {}
        self._size: tuple[int, int] | None = None
        self._rate = RateMeter()
        self._count = 0
        self.at_work: str | None = None
        """The name of the detector that runs now: who gives a frame up can tell which one hangs."""

    def process(self, frame: Frame, detectors: Sequence[str], *forms: PictureForm) -> Result:
        """Run the named detectors over the frame, and draw what they found into a picture of each
        form. One that fails is left out and named, and logged now and then.

        FrameError tells of a frame that turns out to be damaged when it is decoded.
        """
        self._count += 1
        self._rate.tick()
        start = time.perf_counter()
        detections = Detections((frame.width, frame.height))
        failed: set[str] = set()
        running = self._running(detectors, detections.size, failed)
        # First what is needed anyhow, so that the rest is made of it and not decoded for itself.
        if forms:
            _ = frame.bgr
        elif any(detector.reads_gray for detector in running):
            _ = frame.gray
        for detector in running:
            detections = self._detected(detector, frame, detections, failed)
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
        return Result(detections, jpegs, timings, frozenset(failed))

    def _running(
        self, names: Sequence[str], size: tuple[int, int], failed: set[str]
    ) -> Sequence[Detector]:
        """Return the named detectors in order, and add those that cannot be made to the failed.
        One that was off, or saw frames of another size (a turned phone), starts anew."""
        if size != self._size:
            self._size = size
            self._detectors.clear()
        if names != tuple(self._detectors):
            before, self._detectors = self._detectors, {}
            for spec in self._specs:
                if spec.name in names:
                    with self._leaving_out(spec.name, failed):
                        self._detectors[spec.name] = before.get(spec.name) or _made(spec)
        return tuple(self._detectors.values())

    def _detected(
        self, detector: Detector, frame: Frame, detections: Detections, failed: set[str]
    ) -> Detections:
        """Return what was found so far and what one more detector sees; only the former where it,
        or one that it requires, fails."""
        if not failed.intersection(detector.requires):
            with self._leaving_out(detector.name, failed):
                return detector.detect(frame, detections)
        return detections

    @contextmanager
    def _leaving_out(self, name: str, failed: set[str]) -> Iterator[None]:
        """Leave a detector out that fails while the block runs: it may be anybody's."""
        self.at_work = name
        try:
            yield
        except FrameError:
            raise
        except (Exception, SystemExit) as error:  # no detector ends the server
            troubles.tell(f"the detector {name} failed", error)
            metrics.failed(name)
            self._detectors.pop(name, None)
            failed.add(name)
        finally:
            self.at_work = None

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


def _made(spec: DetectorSpec) -> Detector:
    detector = spec.build()
    detector.load()
    return detector
