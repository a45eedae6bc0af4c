"""System checks: `manage.py check` finds a bad setting before a visitor does."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.core.checks import Warning as CheckWarning

from streamer import build, conf, weights
from streamer.errors import ModelFileError, SettingsError


@register
def check_settings(**_: Any) -> list[CheckMessage]:
    """E001: a setting that cannot be read. E002: a detector that cannot be made. E004: a camera
    that cannot be used. W001: a variable that looks like a setting and is none."""
    try:
        chosen = conf.load()
    except SettingsError as error:
        return [Error(str(error), hint="docs/settings.md lists the settings.", id="streamer.E001")]
    try:
        specs = build.detector_specs(chosen)
    except SettingsError as error:
        return [Error(str(error), hint="docs/detectors.md shows how.", id="streamer.E002")]
    found: list[CheckMessage] = [
        CheckWarning(f"{name} in the environment is no setting.", id="streamer.W001")
        for name in conf.unknown_variables()
    ]
    for spec in specs:
        try:
            spec.build()
        except Exception as error:
            trouble = f"{type(error).__name__}: {error}"
            message = (
                f"DETECTORS: {spec.cls.__qualname__} cannot be made with {spec.options}. {trouble}."
            )
            found.append(Error(message, hint="docs/detectors.md shows how.", id="streamer.E002"))
    try:
        build.relays(chosen)
    except SettingsError as error:
        found.append(Error(str(error), hint="docs/cameras.md shows how.", id="streamer.E004"))
    return found


@register
def check_hosts(**_: Any) -> list[CheckMessage]:
    """E005: a server that answers for any host."""
    if "*" not in settings.ALLOWED_HOSTS or settings.DEBUG:
        return []
    return [
        Error(
            "ALLOWED_HOSTS has '*': any site could have its name lead here, and ask as if it were "
            "this one. Name the hosts that this server is reached by.",
            hint="DJANGO_ALLOWED_HOSTS=cam.example.org",
            id="streamer.E005",
        )
    ]


@register
def check_model_files(**_: Any) -> list[CheckMessage]:
    """E003: a model file that is missing or damaged."""
    found: list[CheckMessage] = []
    for file in weights.ALL:
        try:
            file.check()
        except ModelFileError as error:
            found.append(Error(str(error), id="streamer.E003"))
    return found
