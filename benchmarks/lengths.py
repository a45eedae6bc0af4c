"""What comes over HTTP with its lengths told: chunks, and parts in them."""

from __future__ import annotations

import re
from collections.abc import Iterator

CHUNK = re.compile(rb"\r\n([0-9a-fA-F]+)\r\n")
"""Before each chunk of a reply (RFC 9112, 7.1), its length; the header of the reply has no such
line."""
PART = re.compile(rb"Content-Length: (\d+)\r\n\r\n")
"""Before each picture, its length."""


class Lengths:
    """Cuts what comes into the pieces whose lengths are told before each."""

    def __init__(self, head: re.Pattern[bytes], base: int) -> None:
        """`head` finds what goes before a piece, its length as a number in this base."""
        self._head = head
        self._base = base
        self._rest = b""

    def feed(self, more: bytes | memoryview) -> Iterator[memoryview]:
        """Yield the pieces that are whole now."""
        came = self._rest + more
        done = 0
        while head := self._head.search(came, done):
            end = head.end() + int(head[1], self._base)
            if end > len(came):
                break
            yield memoryview(came)[head.end() : end]
            done = end
        self._rest = came[done:]
