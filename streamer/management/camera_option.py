"""`--camera NAME=SPEC`: cameras that a command line adds to those of the settings."""

from __future__ import annotations

from argparse import ArgumentTypeError
from collections.abc import Sequence

import msgspec
from django.core.management.base import CommandError

from streamer import conf
from streamer.errors import SettingsError


def camera(text: str) -> tuple[str, str]:
    """Return name and source of a camera that the command line names. What came is not repeated: a
    password may stand there."""
    name, equals, source = text.partition("=")
    if not (equals and source):
        raise ArgumentTypeError("expected NAME=SPEC, such as demo=pattern:")
    if not conf.SLUG.fullmatch(name):
        raise ArgumentTypeError(
            "expected 1 to 50 letters, digits, - and _ before the =, such as demo=pattern:"
        )
    return name, source


def merged(cameras: Sequence[tuple[str, str]]) -> str:
    """Return the cameras of CAMERAS with these over them, as STREAMER_CAMERAS takes them.

    What a source says is left as it is: a `${NAME}` is filled in where the source is opened.
    """
    names = [name for name, _ in cameras]
    for name in names:
        if names.count(name) > 1:
            raise CommandError(f"--camera names {name} twice. Give each camera its own name.")
    try:
        given = conf.load().CAMERAS
    except SettingsError as error:
        raise CommandError(str(error)) from None
    return msgspec.json.encode(given | dict(cameras)).decode()
