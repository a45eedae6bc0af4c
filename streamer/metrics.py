"""What is counted while it happens, for /metrics. What there is at a moment is read when somebody
asks: `health` does that."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.process_collector import ProcessCollector

from streamer.types import Timings

AGES = (0.01, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0)
STAGES = (0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0)
"""Bounds of the histograms, in seconds."""

registry = CollectorRegistry()
ProcessCollector(registry=registry)  # memory, processor, file handles

_frames = Counter(
    "videostream_frames", "Frames that were worked on.", ["source"], registry=registry
)
_age = Histogram(
    "videostream_age_seconds",
    "From a frame's coming until its result is ready to be sent.",
    ["source"],
    buckets=AGES,
    registry=registry,
)
_stages = Histogram(
    "videostream_stage_seconds",
    "Work on a frame.",
    ["stage"],
    buckets=STAGES,
    registry=registry,
)
_drops = Counter(
    "videostream_drops",
    "Frames that came and have no result: newer (another took its place), bad (no picture within "
    "the limits), late (given up), failed (a fault of the server).",
    ["source", "reason"],
    registry=registry,
)
_refusals = Counter(
    "videostream_refusals",
    "What was refused: messages and connections by code, requests by HTTP status.",
    ["code"],
    registry=registry,
)
_failures = Counter(
    "videostream_detector_failures",
    "How often a detector failed, and was left out.",
    ["detector"],
    registry=registry,
)


def worked(source: str, age: float, stages: Timings) -> None:
    """Count a frame of a webcam or a camera: its age in seconds, and where the time went."""
    _frames.labels(source).inc()
    _age.labels(source).observe(age)
    for stage in ("decode", "detect", "draw", "encode"):
        _stages.labels(stage).observe(getattr(stages, stage) / 1e3)


def dropped(source: str, reason: str, frames: int = 1) -> None:
    """Count frames that have no result, and why."""
    if frames:
        _drops.labels(source, reason).inc(frames)


def refused(code: int) -> None:
    """Count what was refused with a code of ours or an HTTP status."""
    _refusals.labels(int(code)).inc()


def failed(detector: str) -> None:
    """Count a detector that failed."""
    _failures.labels(detector).inc()
