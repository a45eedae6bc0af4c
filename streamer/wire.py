"""The messages of `videostream.v1`, as docs/protocol.md has them, to JSON and from it; no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Struct, UnsetType

from streamer.errors import Code, MessageError
from streamer.types import Detections, Face, Limits

SUBPROTOCOL = "videostream.v1"

Reply = Literal["base64", "binary", "results"]
Quality = Annotated[int, Meta(ge=1, le=100)]
Width = Annotated[int, Meta(ge=Limits.min_side, le=65_535)]


class Settings(Struct, frozen=True, tag="settings"):
    """What a session does: the form of its replies, the detectors that run, and quality (1..100)
    and width (pixels; None is as sent) of the pictures that go back."""

    detectors: tuple[str, ...]
    reply: Reply = "base64"
    quality: Quality = 70
    width: Width | None = None


class SettingsChange(Struct, frozen=True, tag="settings", forbid_unknown_fields=True):
    """Those settings that shall change."""

    detectors: Sequence[str] | UnsetType = UNSET
    reply: Reply | UnsetType = UNSET
    quality: Quality | UnsetType = UNSET
    width: Width | UnsetType | None = UNSET

    def changes(self) -> dict[str, Any]:
        """Return the settings that are named, by name."""
        fields = {name: getattr(self, name) for name in self.__struct_fields__}
        return {name: value for name, value in fields.items() if value is not UNSET}


class Hello(Struct, frozen=True, tag="hello"):
    """What a session starts with."""

    limits: Mapping[str, int | float]
    window: int
    detectors: Sequence[str]
    settings: Settings


class Pace(Struct, frozen=True, tag="pace"):
    """How fast to send while the server is loaded: frames unanswered, and frames a second; None is
    as many as the hello allows."""

    window: int
    fps: float | None


class ErrorMessage(Struct, frozen=True, tag="error", omit_defaults=True):
    """Why a message could not be used; `seq` where it was a frame."""

    code: int
    message: str
    seq: int | None = None


class ResultMessage(Struct, frozen=True, tag="result"):
    """What was found in a frame; bytes become base64 in JSON."""

    seq: int
    dropped: int
    ms: Mapping[str, float]
    detections: Mapping[str, Any]
    image: bytes | UnsetType = UNSET


def hello(
    limits: Limits, max_fps: float, window: int, detectors: Sequence[str], settings: Settings
) -> str:
    """Return the first message of a `videostream.v1` session."""
    told = {
        "max_bytes": limits.max_bytes,
        "max_pixels": limits.max_pixels,
        "max_side": limits.max_side,
        "max_fps": max_fps,
    }
    return encode(Hello(told, window, detectors, settings)).decode()


class _Envelope(Struct):
    type: str


def read_text(text: str, max_bytes: int) -> SettingsChange:
    """Return what a client's text message asks for; MessageError says why it cannot be used."""
    size = len(text.encode())
    if size > max_bytes:
        raise MessageError(
            Code.TOO_LARGE,
            f"Expected a text message of at most {max_bytes} bytes, came {size}.",
            fatal=True,
        )
    try:
        kind = msgspec.json.decode(text, type=_Envelope).type
    except (msgspec.DecodeError, RecursionError) as error:
        raise MessageError(
            Code.BAD_JSON, f'Expected JSON such as {{"type":"settings"}}: {error}.', fatal=True
        ) from None
    if kind != "settings":
        raise MessageError(
            Code.UNKNOWN_MESSAGE,
            f"Expected a message of type settings, came {kind[:40]!r}.",
            fatal=True,
        )
    try:
        return msgspec.json.decode(text, type=SettingsChange)
    except (msgspec.DecodeError, RecursionError) as error:
        raise settings_error(str(error)) from None


def read_query(query: Mapping[str, str]) -> SettingsChange:
    """Return the settings that the query of a hand-shake asks for; MessageError as `read_text`.

    `detectors` is a list with commas, and empty for none. Other names are not ours to read.
    """
    known: dict[str, Any] = {
        name: value for name, value in query.items() if name in SettingsChange.__struct_fields__
    }
    if "detectors" in known:
        known["detectors"] = [name for name in known["detectors"].split(",") if name]
    try:
        return msgspec.convert({"type": "settings"} | known, SettingsChange, strict=False)
    except msgspec.ValidationError as error:
        raise settings_error(str(error)) from None


def settings_error(trouble: str) -> MessageError:
    """Return the error that answers settings which cannot be used."""
    return MessageError(Code.BAD_JSON, f"{trouble}. The settings are as they were.")


def detections_json(detections: Detections) -> dict[str, Any]:
    """Return what a message says of the detections: a key for each detector that ran."""
    told: dict[str, Any] = {"size": detections.size}
    if detections.motion is not None:
        told["motion"] = detections.motion
    if detections.faces is not None:
        told["faces"] = [_face_json(face) for face in detections.faces]
    return {**told, **detections.findings}


def _face_json(face: Face) -> dict[str, Any]:
    told: dict[str, Any] = {"id": face.id, "box": face.box}
    if face.landmarks is not None:
        told["landmarks"] = face.landmarks.tolist()
    if face.emotion is not None:
        scores = {name: round(score, 4) for name, score in face.emotion.scores.items()}
        told["emotion"] = {
            "label": face.emotion.label,
            "confidence": round(face.emotion.confidence, 4),
            "scores": scores,
        }
    return told


def _plain_number(value: Any) -> Any:
    """Return what JSON has for a NumPy value that somebody's detector found."""
    if isinstance(value, (np.ndarray, np.generic)):
        return value.tolist()
    raise NotImplementedError(f"JSON has no form for {type(value).__name__}")


_encoder = msgspec.json.Encoder(enc_hook=_plain_number)


def encode(message: Struct) -> bytes:
    """Return a message as JSON."""
    return _encoder.encode(message)
