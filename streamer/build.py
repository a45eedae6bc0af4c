"""Makes what the settings ask for, and holds what a process has one of."""

from __future__ import annotations

import atexit
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from functools import cache, partial
from graphlib import CycleError, TopologicalSorter
from inspect import signature

from django.utils.module_loading import import_string

from streamer import arenas, conf, weights
from streamer.admission import Admission
from streamer.annotator import Annotator, Look
from streamer.detectors.motion import MotionDetector
from streamer.dialects import Dialect, Message
from streamer.errors import SettingsError
from streamer.pipeline import DetectorSpec, with_required
from streamer.pool import Pool
from streamer.registry import Registry
from streamer.relay import Relay
from streamer.session import Session, SessionLimits
from streamer.sources import source
from streamer.stream import Stream
from streamer.types import Detector, Limits

logger = logging.getLogger(__name__)

RESERVED_NAMES = {"size"}
"""Keys of the detections in a message that are no detector's."""


@cache
def streams() -> Registry:
    """Return the streams of this process; SettingsError names a camera that cannot be used."""
    return Registry(relays(conf.load()))


def start() -> None:
    """Begin what cameras do with nobody watching, and load what the first frame needs; on the event
    loop, as often as one likes. SettingsError or ModelFileError tells why that cannot be."""
    for file in weights.ALL:
        file.check()
    streams().start()
    pool().warm_up()


async def close() -> None:
    """Have all who are here leave, then close all cameras: the process ends."""
    await admission().close()
    await streams().stop()


def relays(settings: conf.Conf) -> list[Relay]:
    """Return what runs the cameras; SettingsError names one that cannot be used."""
    specs = detector_specs(settings)
    return [
        _relay(settings, name, camera, specs) for name, camera in conf.cameras(settings).items()
    ]


def _relay(
    settings: conf.Conf, name: str, camera: conf.Camera, specs: Sequence[DetectorSpec]
) -> Relay:
    make = partial(source, camera.source)
    try:
        make()
        detectors = with_required(camera.detectors, specs)
    except (SettingsError, ValueError) as error:
        raise SettingsError(f"CAMERAS: {name} cannot be used. {error}") from None
    stream = Stream(name, "camera", camera.quality)
    look = Look(detectors, camera.width, camera.fps)
    annotate = partial(Annotator, stream, look, specs, pool())
    return Relay(stream, make, annotate, settings.LINGER, camera.stay_on)


@cache
def admission() -> Admission:
    """Return the door of this process."""
    return Admission()


@cache
def pool() -> Pool:
    """Return the threads that all vision of this process runs in; each loads its weights first.
    Where all hang, the process is told to stop: its supervisor starts another."""
    settings = conf.load()
    arenas.limit(settings.WORKERS)
    pool = Pool(
        settings.WORKERS,
        partial(_load, detector_specs(settings)),
        deadline=settings.FRAME_DEADLINE,
        on_exhausted=partial(signal.raise_signal, signal.SIGTERM),
    )
    atexit.register(_leave, pool)
    return pool


def _load(specs: Sequence[DetectorSpec]) -> None:
    try:
        for spec in specs:
            spec.build().load()
    except Exception:  # the thread must live: a frame that needs the detector tells its client
        logger.exception("a detector could not load what it needs")


def _leave(pool: Pool) -> None:
    """End the threads when Python ends. Where one does not come back the process ends here: Python
    would end the thread inside of what it calls, and a C++ library such as OpenCV aborts at that.
    """
    if pool.shutdown():
        return
    try:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
    finally:
        os._exit(1 if pool.is_exhausted else 0)


def detector_specs(settings: conf.Conf) -> tuple[DetectorSpec, ...]:
    """Return the detectors that DETECTORS names; SettingsError names one that cannot be used."""
    specs: list[DetectorSpec] = []
    for entry in settings.DETECTORS:
        path, options = (entry, {}) if isinstance(entry, str) else entry
        cls = _detector_class(path)
        if cls.name in {spec.name for spec in specs}:
            raise SettingsError(f"DETECTORS has two detectors named {cls.name!r}: {path}.")
        if issubclass(cls, MotionDetector) and "frame_count" in signature(cls).parameters:
            options = {"frame_count": settings.FRAME_COUNT} | options
        specs.append(DetectorSpec(cls, options))
    return _in_order(specs)


def _in_order(specs: Sequence[DetectorSpec]) -> tuple[DetectorSpec, ...]:
    """Return the detectors as they are listed, but none before those that it requires."""
    known = {spec.name: spec for spec in specs}
    requires = {name: spec.cls.requires for name, spec in known.items()}
    try:
        TopologicalSorter(requires).prepare()
    except CycleError as error:
        raise SettingsError(
            f"DETECTORS require each other: {' -> '.join(error.args[1])}."
        ) from None
    if missing := {name for names in requires.values() for name in names} - set(known):
        raise SettingsError(
            f"DETECTORS lacks {', '.join(sorted(missing))}, which another one requires. "
            f"It has: {', '.join(known)}."
        )
    order: dict[str, DetectorSpec] = {}

    def place(name: str) -> None:
        for required in requires[name]:
            place(required)
        order.setdefault(name, known[name])

    for name in known:
        place(name)
    return tuple(order.values())


def _detector_class(path: str) -> type[Detector]:
    try:
        cls = import_string(path)
    except Exception as error:  # a module of anybody's may fail in any way
        trouble = f"{type(error).__name__}: {error}"
        raise SettingsError(
            f"DETECTORS names {path!r}, which cannot be imported. {trouble}."
        ) from error
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
    return Session(detector_specs(settings), dialect, limits, pool(), send)
