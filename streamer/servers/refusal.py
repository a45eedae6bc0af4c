"""Answers to requests that come no further than the server library."""

from __future__ import annotations

from http import HTTPStatus

REQUEST_SECONDS = 20
"""How long a request may take to come as a whole: since the connection began, or since the answer
before was sent."""

_HEADERS = (
    "Content-Length: 0\r\n"
    "Connection: close\r\n"
    "X-Content-Type-Options: nosniff\r\n"
    "Referrer-Policy: same-origin\r\n"
    "X-Frame-Options: DENY\r\n"
    "Content-Security-Policy: default-src 'none'\r\n"
)


def refusal(status: HTTPStatus) -> bytes:
    """Return a whole answer without a body, after which the connection ends."""
    return f"HTTP/1.1 {status.value} {status.phrase}\r\n{_HEADERS}\r\n".encode("ascii")
