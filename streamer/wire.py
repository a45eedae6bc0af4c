"""The messages of `videostream.v1`, as docs/protocol.md has them, to JSON and from it; no I/O."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, get_args

import msgspec
import numpy as np
from msgspec import UNSET, Meta, Raw, Struct, UnsetType

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
    """Why a message could not be used; `seq` where it was a frame, `stream` where it named one."""

    code: int
    message: str
    seq: int | None = None
    stream: str | None = None


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


class Share(Struct, frozen=True, tag="share", forbid_unknown_fields=True):
    """Show my webcam to others; `resume` as an earlier answer gave it, to keep name and link."""

    resume: str | None = None


class Unshare(Struct, frozen=True, tag="unshare", forbid_unknown_fields=True):
    """Show it no longer."""


class Shared(Struct, frozen=True, tag="shared"):
    """How a webcam is shared: the stream's name, its link and when that ends (ISO 8601), how many
    watch, and what to say to share it again after a lost connection."""

    stream: str
    url: str
    until: str
    viewers: int
    resume: str


class Unshared(Struct, frozen=True, tag="unshared"):
    """It is shared no longer."""


class Watch(Struct, frozen=True, tag="watch", forbid_unknown_fields=True):
    """Send a stream's pictures: `width` pixels wide, None as they are, `fps` a second at most."""

    stream: str
    width: Literal[320, 640] | None = None
    fps: Annotated[float, Meta(ge=0.1, le=1000)] | None = None


class Unwatch(Struct, frozen=True, tag="unwatch", forbid_unknown_fields=True):
    """Send a stream's pictures no longer."""

    stream: str


class Ack(Struct, frozen=True, tag="ack", forbid_unknown_fields=True):
    """The picture of this number has arrived, and all before it."""

    stream: str
    seq: int


class StateMessage(Struct, frozen=True, tag="state"):
    """How a stream is now, and how many watch it."""

    stream: str
    state: str
    message: str
    viewers: int


class FrameMessage(Struct, frozen=True, tag="frame"):
    """What goes before a stream's picture: its number, and its age in milliseconds when sent."""

    stream: str
    seq: int
    age_ms: float
    detections: Raw


WebcamMessage = SettingsChange | Share | Unshare
WatchMessage = Watch | Unwatch | Ack


class _Envelope(Struct):
    type: str


def read_webcam(text: str, max_bytes: int) -> WebcamMessage:
    """Return what who sends a webcam asks for; MessageError says why it cannot be used."""
    asked: WebcamMessage = _read(text, max_bytes, get_args(WebcamMessage))
    return asked


def read_watch(text: str, max_bytes: int) -> WatchMessage:
    """Return what a viewer asks for; MessageError says why it cannot be used."""
    asked: WatchMessage = _read(text, max_bytes, get_args(WatchMessage))
    return asked


def _read(text: str, max_bytes: int, kinds: Sequence[type[Struct]]) -> Any:
    """Return a message of one of these kinds."""
    try:
        data = text.encode()
    except UnicodeEncodeError as error:  # half a character: UTF-8 has no form for it
        raise MessageError(Code.BAD_JSON, f"Expected UTF-8: {error}.", fatal=True) from None
    if len(data) > max_bytes:
        raise MessageError(
            Code.TOO_LARGE,
            f"Expected a text message of at most {max_bytes} bytes, came {len(data)}.",
            fatal=True,
        )
    known = {str(each.__struct_config__.tag): each for each in kinds}
    try:
        kind = msgspec.json.decode(data, type=_Envelope).type
    except (msgspec.DecodeError, RecursionError) as error:
        example = f'{{"type":"{next(iter(known))}", …}}'
        raise MessageError(
            Code.BAD_JSON, f"Expected JSON such as {example}: {error}.", fatal=True
        ) from None
    if kind not in known:
        raise MessageError(
            Code.UNKNOWN_MESSAGE,
            f"Expected a message of type {', '.join(known)}; came {kind[:40]!r}.",
            fatal=True,
        )
    try:
        return msgspec.json.decode(data, type=known[kind])
    except (msgspec.DecodeError, RecursionError) as error:
        if kind == "settings":
            raise settings_error(str(error)) from None
        raise MessageError(Code.BAD_JSON, f"{error}. Nothing was changed.") from None


def read_query(query: Mapping[str, str]) -> SettingsChange:
    """Return the settings that the query of a hand-shake asks for; MessageError as `read_webcam`.

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


def encode(message: Struct | Mapping[str, Any]) -> bytes:
    """Return a message, or a part of one, as JSON."""
    return _encoder.encode(message)
