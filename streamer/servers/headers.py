"""What every HTTP answer tells a browser not to do with it, whoever made the answer."""

from __future__ import annotations

import re
from functools import cache
from typing import Any

from csp.utils import build_policy
from django.conf import settings

from streamer.redaction import CREDENTIALS

OURS = ("camera", "clipboard-write", "fullscreen", "screen-wake-lock")
"""What our pages ask a browser for."""

NOBODYS = (
    "accelerometer",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "serial",
    "sync-xhr",
    "usb",
    "xr-spatial-tracking",
)
"""What no page here has a use for."""

PERMISSIONS = ", ".join([*(f"{name}=(self)" for name in OURS), *(f"{name}=()" for name in NOBODYS)])

WITH_CREDENTIALS = re.compile(rf"(?:^|&)(?:{'|'.join(CREDENTIALS)})=".encode())
"""A query that has what lets somebody in."""

Headers = list[tuple[bytes, bytes]]


class SecurityHeaders:
    """An ASGI application whose HTTP answers have all of the headers that keep a browser from being
    used against the site and its visitors. Most are there already, from Django; what a view has
    set stays."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        async def complete(message: dict[str, Any]) -> None:
            if message["type"] == "http.response.start":
                headers = [*message.get("headers", ())]
                there = {name.lower() for name, _ in headers}
                more = [each for each in of_answer(scope) if each[0] not in there]
                message = message | {"headers": [*headers, *more]}
            await send(message)

        await self._application(scope, receive, complete)


def of_answer(scope: Any) -> Headers:
    """Return the headers of the answer to an HTTP request, names in small letters; of its scope
    `scheme`, `query_string` and `headers` are looked at."""
    return [*_standing(), *_of_request(scope)]


@cache
def _standing() -> Headers:
    told = {
        "content-security-policy": build_policy(),
        "cross-origin-opener-policy": settings.SECURE_CROSS_ORIGIN_OPENER_POLICY,
        "permissions-policy": PERMISSIONS,
        "referrer-policy": settings.SECURE_REFERRER_POLICY,
        "x-content-type-options": "nosniff",
        "x-frame-options": settings.X_FRAME_OPTIONS,
    }
    return [(name.encode(), value.encode()) for name, value in told.items()]


def _of_request(scope: Any) -> Headers:
    # Who has a link or the token in the address may show its pictures in a page of any site, such
    # as Home Assistant's. What a session's cookie opens, another site's page must not load.
    anywhere = WITH_CREDENTIALS.search(scope["query_string"])
    headers = [(b"cross-origin-resource-policy", b"cross-origin" if anywhere else b"same-origin")]
    # Over plain HTTP anybody on the way could have said it (RFC 6797, 7.2).
    if settings.SECURE_HSTS_SECONDS and _is_secure(scope):
        headers.append((b"strict-transport-security", _hsts()))
    return headers


def _is_secure(scope: Any) -> bool:
    """Tell whether a request came by HTTPS, to us or to the proxy that we are told of."""
    if scope["scheme"] == "https":
        return True
    if settings.SECURE_PROXY_SSL_HEADER is None:
        return False
    name, expected = settings.SECURE_PROXY_SSL_HEADER
    header = name.removeprefix("HTTP_").replace("_", "-").lower().encode()
    told = dict(scope["headers"]).get(header, b"").decode("latin-1")
    return bool(told.partition(",")[0].strip() == expected)


def _hsts() -> bytes:
    """Return what Django's SecurityMiddleware says."""
    parts = [f"max-age={settings.SECURE_HSTS_SECONDS}"]
    if settings.SECURE_HSTS_INCLUDE_SUBDOMAINS:
        parts.append("includeSubDomains")
    if settings.SECURE_HSTS_PRELOAD:
        parts.append("preload")
    return "; ".join(parts).encode()
