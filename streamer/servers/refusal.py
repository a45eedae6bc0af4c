"""Answers to requests that come no further than the server library."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus

from streamer.servers.headers import of_answer

REQUEST_SECONDS = 20
"""How long a request may take to come as a whole: since the connection began, or since the answer
before was sent."""

_UNREAD = {"scheme": "http", "query_string": b"", "headers": []}
"""Of the request nothing is known."""


@cache
def refusal(status: HTTPStatus) -> bytes:
    """Return a whole answer without a body, after which the connection ends."""
    headers = [(b"content-length", b"0"), (b"connection", b"close"), *of_answer(_UNREAD)]
    lines = b"".join(b"%s: %s\r\n" % header for header in headers)
    return b"HTTP/1.1 %d %s\r\n%s\r\n" % (status, status.phrase.encode(), lines)
