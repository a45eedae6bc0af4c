"""Whose pages may open a WebSocket, and whose count as this site's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import ParseResult, urlparse

from channels.security.websocket import OriginValidator
from django.conf import settings

from streamer import metrics


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
        self.allowed_origins = [*hosts, *_trusted_origins()]
        if not (is_valid := bool(self.validate_origin(parsed_origin))):
            metrics.refused(403)
        return is_valid


def is_own_page(scope: Mapping[str, Any]) -> bool:
    """Tell whether a hand-shake comes from a page of this site, as Django tells it of a form: its
    Origin has the scheme, host and port that it is itself sent to, or is a trusted one."""
    headers = dict(scope["headers"])
    origin = headers.get(b"origin", b"").decode("latin-1")
    host = headers.get(b"host", b"").decode("latin-1")
    is_secure = settings.SECURE_SSL_REDIRECT or scope.get("scheme") == "wss"
    own = f"{'https' if is_secure else 'http'}://{host}"
    return bool(host) and OriginValidator(None, [own, *_trusted_origins()]).valid_origin(
        urlparse(origin)
    )


def _trusted_origins() -> list[str]:
    """Return CSRF_TRUSTED_ORIGINS as Channels has them: a dot stands for all hosts of a domain."""
    return [origin.replace("://*.", "://.") for origin in settings.CSRF_TRUSTED_ORIGINS]
