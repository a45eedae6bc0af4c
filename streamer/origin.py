"""Whose pages may open a WebSocket."""

from __future__ import annotations

from typing import Any
from urllib.parse import ParseResult

from channels.security.websocket import OriginValidator
from django.conf import settings


class TrustedOriginValidator(OriginValidator):
    """Lets in pages of ALLOWED_HOSTS and of CSRF_TRUSTED_ORIGINS, and programs.

    A browser always names the page's Origin in the hand-shake, so what comes without one is a
    program. `*` among the allowed hosts names no host: it lets no foreign page in.
    """

    def __init__(self, application: Any) -> None:
        super().__init__(application, ())

    def valid_origin(self, parsed_origin: ParseResult | None) -> bool:
        if parsed_origin is None:
            return True
        # Read at each hand-shake: `manage.py serve` adds hosts for its run.
        hosts = [host for host in settings.ALLOWED_HOSTS if host != "*"]
        self.allowed_origins = [*hosts, *settings.CSRF_TRUSTED_ORIGINS]
        return bool(self.validate_origin(parsed_origin))
