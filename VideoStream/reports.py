"""Django's error pages, which DEBUG shows, without passwords, tokens and keys."""

from __future__ import annotations

import re
from collections.abc import ItemsView
from types import FrameType
from typing import Any

from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.views.debug import ExceptionReporter, SafeExceptionReporterFilter

from streamer.redaction import redacted

PAIR = re.compile(r"[^\s'\"/@<>]+:(?!//)[^\s'\"@<>]*@")
"""A user and a password before a host, also where the scheme of the URL was cut off."""


class RedactingFilter(SafeExceptionReporterFilter):
    """Puts stars in the place of values whose names say that they are secret; of local variables
    too, which Django shows as they are."""

    hidden_settings = re.compile(
        SafeExceptionReporterFilter.hidden_settings.pattern
        + "|CAMERAS|QUERY_STRING|^scope$|^headers$|^environ$|session_key|^params$",
        re.IGNORECASE,
    )

    def get_traceback_frame_variables(
        self, request: HttpRequest | None, tb_frame: FrameType
    ) -> ItemsView[str, Any]:
        variables = super().get_traceback_frame_variables(request, tb_frame)
        return {name: self.cleanse_setting(name, value) for name, value in variables}.items()


class RedactingReporter(ExceptionReporter):
    """Reports an error, and cuts what is left of secrets from the whole of it."""

    def get_traceback_data(self) -> dict[str, Any]:
        data = super().get_traceback_data()
        if self.request is not None:
            data["request_GET_items"] = [
                (name, self.filter.cleanse_setting(name, value))
                for name, value in self.request.GET.items()
            ]
        return data

    def get_traceback_html(self) -> SafeString:
        return _cut(super().get_traceback_html())

    def get_traceback_text(self) -> SafeString:
        return _cut(super().get_traceback_text())


def _cut(text: str) -> SafeString:
    return SafeString(PAIR.sub("…@", redacted(text)))
