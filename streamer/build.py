"""Makes what the settings ask for, and holds what a process has one of."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from functools import cache

from django.utils.module_loading import import_string

from streamer import conf
from streamer.admission import Admission
from streamer.detectors.motion import MotionDetector
from streamer.dialects import Dialect, Message
from streamer.errors import SettingsError
from streamer.pipeline import DetectorSpec, with_required
from streamer.session import Session, SessionLimits
from streamer.types import Detector, Limits

logger = logging.getLogger(__name__)

RESERVED_NAMES = {"size"}
"""Keys of the detections in a message that are no detector's."""


@cache
def admission() -> Admission:
    """Return the door of this process."""
    return Admission()


@cache
def executor() -> Executor:
    """Return the threads that all vision of this process runs in."""
    return ThreadPoolExecutor(conf.load().WORKERS, "vision")


def warm_up() -> None:
    """Have each thread of the executor load what it loads once, before a frame needs it."""
    settings = conf.load()
    for _ in range(settings.WORKERS):
        executor().submit(_load, detector_specs(settings))


def _load(specs: Sequence[DetectorSpec]) -> None:
    try:
        for spec in specs:
            spec.build().load()
    except Exception:
        logger.exception("a detector could not load what it needs")


def detector_specs(settings: conf.Conf) -> tuple[DetectorSpec, ...]:
    """Return the detectors that DETECTORS names; SettingsError names one that cannot be used."""
    specs: list[DetectorSpec] = []
    for entry in settings.DETECTORS:
        path, options = (entry, {}) if isinstance(entry, str) else entry
        cls = _detector_class(path)
        if cls.name in {spec.name for spec in specs}:
            raise SettingsError(f"DETECTORS has two detectors named {cls.name!r}: {path}.")
        if issubclass(cls, MotionDetector):
            options = {"frame_count": settings.FRAME_COUNT} | options
        specs.append(DetectorSpec(cls, options))
    try:
        with_required([spec.name for spec in specs], specs)
    except ValueError as error:
        raise SettingsError(f"DETECTORS lacks what one requires: {error}.") from None
    return tuple(specs)


def _detector_class(path: str) -> type[Detector]:
    try:
        cls = import_string(path)
    except ImportError as error:
        raise SettingsError(f"DETECTORS names {path!r}: {error}.") from error
    if not (isinstance(cls, type) and issubclass(cls, Detector)):
        raise SettingsError(f"DETECTORS: expected {path} to extend streamer.types.Detector.")
    name = getattr(cls, "name", None)
    if not isinstance(name, str) or not name.isidentifier() or name in RESERVED_NAMES:
        raise SettingsError(
            f"DETECTORS: expected {path} to have a name such as 'motion', it has {name!r}."
        )
    return cls


def session(
    settings: conf.Conf, dialect: Dialect, send: Callable[[Message], Awaitable[None]]
) -> Session:
    """Return a session for one webcam, as the settings bound it."""
    limits = SessionLimits(
        frame=Limits(
            settings.MAX_FRAME_BYTES, settings.MAX_PIXELS, settings.MAX_SIDE, settings.MAX_SCANS
        ),
        max_fps=settings.MAX_FPS,
        window=settings.WINDOW,
        max_bad_frames=settings.MAX_BAD_FRAMES,
    )
    return Session(detector_specs(settings), dialect, limits, executor(), send)
