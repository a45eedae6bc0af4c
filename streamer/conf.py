"""The settings of VideoStream: the only reader of settings.STREAMER and of STREAMER_* variables.

docs/settings.md describes each.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Annotated, Any, get_type_hints

import msgspec
from django.conf import settings
from msgspec import Meta, Struct

from streamer.errors import SettingsError

PREFIX = "STREAMER_"

Count = Annotated[int, Meta(ge=1)]
DetectorEntry = str | tuple[str, dict[str, Any]]
"""A dotted path, or a pair of one and the options of its constructor."""

FROM_PYTHON_ONLY = {"DETECTORS"}
"""Not from the environment: it names code."""


class Conf(Struct, frozen=True, kw_only=True):
    """All settings and their defaults; sizes in bytes and pixels."""

    DETECTORS: tuple[DetectorEntry, ...] = (
        "streamer.detectors.motion.MotionDetector",
        "streamer.detectors.faces.FaceDetector",
        "streamer.detectors.landmarks.LandmarkDetector",
        "streamer.detectors.emotion.EmotionDetector",
    )
    FRAME_COUNT: Annotated[int, Meta(ge=1, le=100_000)] = 32
    WINDOW: Annotated[int, Meta(ge=1, le=64)] = 2
    MAX_FRAME_BYTES: Annotated[int, Meta(ge=1024, le=1_000_000)] = 524_288
    MAX_PIXELS: Annotated[int, Meta(ge=256)] = 2_100_000
    MAX_SIDE: Annotated[int, Meta(ge=16, le=65_535)] = 2048
    MAX_SCANS: Count = 4
    MAX_FPS: Annotated[float, Meta(ge=0.1, le=1000)] = 30.0
    MAX_TEXT_BYTES: Annotated[int, Meta(ge=256)] = 4096
    MAX_BAD_FRAMES: Count = 10
    MAX_SESSIONS: Count = 64
    WORKERS: Annotated[int, Meta(ge=1, le=256)] = os.cpu_count() or 1


def load(environ: Mapping[str, str] | None = None) -> Conf:
    """Return the settings in force; SettingsError names one that cannot be used."""
    environ = os.environ if environ is None else environ
    hints = get_type_hints(Conf, include_extras=True)
    given: dict[str, Any] = dict(getattr(settings, "STREAMER", None) or {})
    if unknown := given.keys() - hints.keys():
        raise SettingsError(
            f"STREAMER has no setting {', '.join(sorted(unknown))}. It has: {', '.join(hints)}."
        )
    origin = dict.fromkeys(given, 'STREAMER["{}"]')
    for name in hints.keys() - FROM_PYTHON_ONLY:
        if PREFIX + name in environ:
            given[name] = environ[PREFIX + name]
            origin[name] = PREFIX + "{}"
    return Conf(
        **{
            name: _convert(value, hints[name], origin[name].format(name))
            for name, value in given.items()
        }
    )


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the variables that are named like a setting and are none."""
    known = {PREFIX + name for name in Conf.__struct_fields__ if name not in FROM_PYTHON_ONLY}
    given = os.environ if environ is None else environ
    return sorted(name for name in given if name.startswith(PREFIX) and name not in known)


def _convert(value: Any, kind: Any, called: str) -> Any:
    try:
        # Not strict: an environment variable is text whatever it stands for.
        return msgspec.convert(value, kind, strict=False)
    except msgspec.ValidationError as error:
        raise SettingsError(f"{called} is {value!r}. {error}.") from None
