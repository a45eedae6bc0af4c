"""One stream, as a session has it, but with the clock of the frames instead of the machine's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from inspect import signature

from streamer.build import detector_specs
from streamer.codec import JpegFrame
from streamer.conf import Conf
from streamer.pipeline import DetectorSpec, Pipeline, with_required
from streamer.types import Limits, PictureForm, Result

SPECS = detector_specs(Conf())
ALL = tuple(spec.name for spec in SPECS)
TALL_CLIP = Limits(max_bytes=4_000_000, max_pixels=8_000_000)
"""A clip of anybody's may be higher than cameras are: the gate must run, not refuse it."""


class Stream:
    """A pipeline whose frames come `fps` times a second, however fast they are worked on.

    Some detectors do something every so many seconds: a benchmark that hurries must not have them
    do it more seldom than a webcam would. Those that take a `clock` are given that of the frames.
    """

    def __init__(self, detectors: Sequence[str], fps: float, picture: PictureForm | None) -> None:
        self._detectors = with_required(detectors, SPECS)
        self._interval = 1 / fps
        self._forms = [picture] if picture else []
        self._frames = 0
        self._pipeline = Pipeline([self._on_our_clock(spec) for spec in SPECS])

    def _on_our_clock(self, spec: DetectorSpec) -> DetectorSpec:
        if "clock" not in signature(spec.cls).parameters:
            return spec
        return replace(spec, options={**spec.options, "clock": self.clock})

    def clock(self) -> float:
        """Return when the frame in work was taken, in seconds from the first."""
        return self._frames * self._interval

    def process(self, jpeg: bytes) -> Result:
        """Work on the next frame; RuntimeError where not all was done to it."""
        result = self._pipeline.process(JpegFrame(jpeg, TALL_CLIP), self._detectors, *self._forms)
        if result.failed:
            raise RuntimeError(f"failed: {', '.join(sorted(result.failed))}")
        self._frames += 1
        return result
