"""The settings of VideoStream: the only reader of settings.STREAMER and of STREAMER_* variables.

docs/settings.md describes each.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any, get_type_hints

import msgspec
from django.conf import settings
from msgspec import Meta, Struct

from streamer.errors import SettingsError
from streamer.redaction import hide, redacted

PREFIX = "STREAMER_"

Count = Annotated[int, Meta(ge=1)]
Seconds = Annotated[float, Meta(ge=0.1)]
DetectorEntry = str | tuple[str, dict[str, Any]]
"""A dotted path, or a pair of one and the options of its constructor."""

FROM_PYTHON_ONLY = {"DETECTORS"}
"""Not from the environment: it names code."""

SHORTEST_TOKEN = 22
"""Characters that a token has at least: in base 64 they stand for 128 random bits."""

SLUG = re.compile(r"[-a-zA-Z0-9_]{1,50}")
"""What a camera may be called: its name stands in URLs."""

EXAMPLE = '{"porch": "rtsp://…", "desk": {"source": "usb:0", "fps": 10}}'
"""Cameras as JSON has them."""


class Camera(Struct, frozen=True, forbid_unknown_fields=True):
    """A camera: its source's spec, the detectors that look at it; the width in pixels that its
    frames are scaled down to, never up, and the frames a second that are worked on, None for what
    it gives; quality (1..100) of its pictures; whether it stays open with nobody watching."""

    source: str
    detectors: tuple[str, ...] = ("motion",)
    width: Annotated[int, Meta(ge=16, le=8192)] | None = None
    fps: Annotated[float, Meta(ge=0.1, le=1000)] | None = None
    quality: Annotated[int, Meta(ge=1, le=100)] = 70
    stay_on: bool = False

    def __repr__(self) -> str:
        return f"Camera({redacted(self.source)!r})"


class Conf(Struct, frozen=True, kw_only=True):
    """All settings and their defaults; sizes in bytes and pixels."""

    DETECTORS: tuple[DetectorEntry, ...] = (
        "streamer.detectors.motion.MotionDetector",
        "streamer.detectors.faces.FaceDetector",
        "streamer.detectors.landmarks.LandmarkDetector",
        "streamer.detectors.emotion.EmotionDetector",
    )
    CAMERAS: dict[str, str | Camera] = {}
    CAMERAS_FILE: str = ""
    FRAME_COUNT: Annotated[int, Meta(ge=1, le=100_000)] = 32
    WINDOW: Annotated[int, Meta(ge=1, le=64)] = 2
    MAX_FRAME_BYTES: Annotated[int, Meta(ge=1024, le=1_000_000)] = 524_288
    MAX_PIXELS: Annotated[int, Meta(ge=256)] = 2_100_000
    MAX_SIDE: Annotated[int, Meta(ge=16, le=65_535)] = 2048
    MAX_SCANS: Count = 4
    MAX_FPS: Annotated[float, Meta(ge=0.1, le=1000)] = 30.0
    MAX_TEXT_BYTES: Annotated[int, Meta(ge=256)] = 4096
    MAX_BYTES_PER_SECOND: Annotated[int, Meta(ge=1024)] = 4_194_304
    BURST_SECONDS: Seconds = 2.0
    MAX_BAD_FRAMES: Count = 10
    MAX_SESSIONS: Count = 64
    MAX_SESSIONS_PER_ADDRESS: Count = 16
    MAX_SESSIONS_PER_USER: Count = 4
    MAX_VIEWERS: Count = 200
    HANDSHAKES_PER_MINUTE: Count = 60
    LOGINS_PER_MINUTE: Count = 10
    ANONYMOUS_WEBCAM: bool = True
    TRUSTED_PROXIES: Annotated[int, Meta(ge=0, le=16)] = 0
    FRAME_DEADLINE: Seconds = 5.0
    FIRST_FRAME_TIMEOUT: Seconds = 10.0
    IDLE_TIMEOUT: Seconds = 30.0
    STALL_TIMEOUT: Seconds = 10.0
    SESSION_LIFETIME: Seconds = 43_200.0
    DRAIN_TIMEOUT: Annotated[float, Meta(ge=1)] = 10.0
    LINGER: Seconds = 10.0
    WORKERS: Annotated[int, Meta(ge=1, le=256)] = os.cpu_count() or 1
    METRICS_TOKEN: str = ""


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
    loaded = Conf(
        **{
            name: _read(name, value, hints[name], origin[name].format(name))
            for name, value in given.items()
        }
    )
    hide(loaded.METRICS_TOKEN)
    return loaded


def cameras(settings: Conf) -> dict[str, Camera]:
    """Return the cameras of CAMERAS_FILE and of CAMERAS, which wins; SettingsError names one that
    cannot be used. What a source is made of is for `build` to see."""
    given: dict[str, str | Camera] = {}
    if settings.CAMERAS_FILE:
        file = Path(settings.CAMERAS_FILE)
        try:
            text = file.read_text(encoding="utf-8-sig")  # some editors begin a file with a mark
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(f"CAMERAS_FILE cannot be read: {error}.") from None
        given |= _read_cameras(text, f"CAMERAS_FILE ({file})")
    given |= settings.CAMERAS
    return {name: Camera(each) if isinstance(each, str) else each for name, each in given.items()}


def unknown_variables(environ: Mapping[str, str] | None = None) -> list[str]:
    """Return the variables that are named like a setting and are none."""
    known = {PREFIX + name for name in Conf.__struct_fields__ if name not in FROM_PYTHON_ONLY}
    given = os.environ if environ is None else environ
    return sorted(name for name in given if name.startswith(PREFIX) and name not in known)


def _read(name: str, value: Any, kind: Any, called: str) -> Any:
    """Return the value of a setting. Not strict: a variable is text whatever it stands for."""
    if name == "CAMERAS":
        return _read_cameras(value, called)
    if name == "METRICS_TOKEN" and 0 < len(str(value)) < SHORTEST_TOKEN:
        raise SettingsError(
            f"{called} has {len(str(value))} characters. Expected {SHORTEST_TOKEN} or more, made "
            "at random."
        )
    try:
        return msgspec.convert(value, kind, strict=False)
    except msgspec.DecodeError as error:
        raise SettingsError(f"{called} is {redacted(repr(value))}. {error}.") from None


def _read_cameras(given: Any, called: str) -> dict[str, str | Camera]:
    """Return cameras by name; text is JSON. No trouble repeats what came: there are passwords in
    it."""
    if isinstance(given, str):
        try:
            given = json.loads(given, object_pairs_hook=_unique) if given.strip() else {}
        except ValueError as error:
            raise SettingsError(f"{called} is no JSON such as {EXAMPLE}. {error}.") from None
    if not isinstance(given, Mapping):
        raise SettingsError(f"{called}: expected cameras by name, such as {EXAMPLE}.")
    cameras: dict[str, str | Camera] = {}
    for number, (name, camera) in enumerate(given.items(), 1):
        if not (isinstance(name, str) and SLUG.fullmatch(name)):
            raise SettingsError(
                f"{called}: expected 1 to 50 letters, digits, - and _ as the name of camera "
                f"{number}. Such as {EXAMPLE}."
            )
        try:
            cameras[name] = msgspec.convert(camera, str | Camera)
        except msgspec.ValidationError as error:
            raise SettingsError(f"{called}: {name} cannot be used. {error}.") from None
    return cameras


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    """Return a JSON object; ValueError where one of two of a name would be lost."""
    unique = dict(pairs)
    if len(unique) < len(pairs):
        raise ValueError("A name is there twice")
    return unique
