"""Cameras: one file each, made of a spec such as `usb:0` or `rtsp://camera.local/live`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from contextlib import suppress
from importlib import import_module
from urllib.parse import unquote, urlsplit

from streamer.errors import SettingsError
from streamer.redaction import hide
from streamer.types import FrameSource

SOURCES: Mapping[str, str] = {
    "usb": "streamer.sources.usb.UsbSource",
    "pi": "streamer.sources.pi.PiSource",
    "rtsp": "streamer.sources.network.NetworkSource",
    "rtsps": "streamer.sources.network.NetworkSource",
    "http": "streamer.sources.network.NetworkSource",
    "https": "streamer.sources.network.NetworkSource",
    "file": "streamer.sources.file.FileSource",
    "pattern": "streamer.sources.pattern.PatternSource",
    "zmq": "streamer.sources.zmq.ZmqSource",
    "zmq+sub": "streamer.sources.zmqsub.ZmqSubSource",
}
"""The class of each kind, by the scheme of its specs. It is imported when one is made: nobody waits
for libraries of cameras that they do not have."""

SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.IGNORECASE)
"""What a spec starts with, as URLs do (RFC 3986, 3.1)."""

VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")
"""What stands for a variable of the environment."""


def source(spec: str, environ: Mapping[str, str] | None = None) -> FrameSource:
    """Return the camera that a spec names; nothing is opened yet.

    `${NAME}` in it stands for a variable of the environment, so that a password need not be written
    where others read it. SettingsError tells why a spec cannot be used, without repeating it.
    """
    spec = _expand(spec.strip(), os.environ if environ is None else environ)
    if spec.isascii() and spec.isdecimal():
        spec = f"usb:{spec}"
    scheme = SCHEME.match(spec)
    path = SOURCES.get(scheme[1].lower()) if scheme else None
    if path is None:
        came = f"one that starts with {scheme[0]}" if scheme else "one without a scheme"
        raise SettingsError(
            f"Expected a camera such as usb:0 or rtsp://host/path, came {came}. There are: "
            f"{', '.join(f'{name}:' for name in SOURCES)}."
        )
    _hide_password(spec)
    module, _, name = path.rpartition(".")
    made: FrameSource = getattr(import_module(module), name)(spec)
    return made


def _hide_password(spec: str) -> None:
    """Have the password of a camera cut from the log wherever it may stand."""
    with suppress(ValueError):  # who opens it says what is wrong with it
        if password := urlsplit(spec).password:
            hide(password, unquote(password))


def _expand(spec: str, environ: Mapping[str, str]) -> str:
    """Return the spec with the values of its variables."""

    def value(variable: re.Match[str]) -> str:
        if variable[1] not in environ:
            raise SettingsError(
                f"A camera needs the environment variable {variable[1]}, which is not set. Set it, "
                f"or leave ${{{variable[1]}}} out."
            )
        return environ[variable[1]]

    return VARIABLE.sub(value, spec)
