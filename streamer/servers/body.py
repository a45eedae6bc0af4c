"""Requests with a body that nobody here would send."""

from __future__ import annotations

from typing import Any

MAX_BODY_BYTES = 65_536
"""Bytes of a request's body: a log-in or a wish for a link has a few hundred. Django itself takes
any length in, and keeps it on disk, before it asks who sends it."""


class _TooLargeError(Exception):
    """More has come than may."""


class BodyLimit:
    """An ASGI application whose HTTP requests are answered with 413 where their body is larger than
    MAX_BODY_BYTES, as soon as that is known."""

    def __init__(self, application: Any) -> None:
        self._application = application

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        came = 0

        async def bounded() -> Any:
            nonlocal came
            message = await receive()
            came += len(message.get("body", b""))
            if came > MAX_BODY_BYTES:
                raise _TooLargeError
            return message

        try:
            if _told_length(scope) > MAX_BODY_BYTES:
                raise _TooLargeError
            await self._application(scope, bounded, send)
        except _TooLargeError:
            await _refuse(send)


def _told_length(scope: Any) -> int:
    told = dict(scope["headers"]).get(b"content-length", b"0")
    return int(told) if told.isdigit() else 0


async def _refuse(send: Any) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    words = f"Expected a body of at most {MAX_BODY_BYTES} bytes.\n".encode()
    await send({"type": "http.response.body", "body": words})
