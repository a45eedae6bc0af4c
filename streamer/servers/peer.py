"""Who is at the other end of a connection: whether they take what is sent."""

from __future__ import annotations

import asyncio
import socket
import struct
import sys
from collections.abc import Callable
from functools import cache

from streamer import conf

UNSENT_BYTES = 16_384
"""What the kernel may hold of a connection that it has not sent yet, before it takes no more.

By itself it holds megabytes: a viewer on a slow link would see pictures that are a minute old.
Tried with parts of 30 KB and a client that reads 200 KB/s: by itself 1,141 KB are on their way,
about 130 of them in the client's own buffer; with 128 KB 205, with 64 KB 176, with 16 KB 155, with
4 KB 150. A part of 30 KB goes out with one call in each case. What is on the wire does not count,
so that a long way is used to the full all the same.
"""

PING_SECONDS = 20
PONG_SECONDS = 20
"""How often a WebSocket's peer is asked whether it is there, and how long it may take to answer.
One that vanished without a word, while nothing was sent to it, is let go of after both."""

CHECKS = 8
"""How often a connection is looked at within the time that its peer may take nothing."""


class Peer:
    """Watches one connection, and calls `abort` once its peer has taken nothing for `seconds` while
    there was something to take.

    Linux tells what the peer's kernel has acknowledged. Elsewhere it counts only whether all that
    waits in this process was taken.
    """

    def __init__(self, sock: socket.socket, seconds: float, abort: Callable[[], None]) -> None:
        self._socket = sock
        self._abort = abort
        self._loop = asyncio.get_running_loop()
        self._seconds = seconds
        self._waits = False
        self._drained = 0
        self._taken = (0, 0)
        self._since = self._loop.time()
        if sock.family not in (socket.AF_INET, socket.AF_INET6):  # a Unix socket, behind a proxy
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, UNSENT_BYTES)
        elif hasattr(socket, "TCP_NOTSENT_LOWAT"):
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT_BYTES)
        self._timer = self._loop.call_later(seconds / CHECKS, self._check)

    def pause(self) -> None:
        """Note that data waits in this process, because the kernel takes no more."""
        self._waits = True

    def resume(self) -> None:
        """Note that the kernel took what waited."""
        self._waits = False
        self._drained += 1

    def leave(self) -> None:
        """Stop watching: the connection has ended, or somebody else watches it."""
        self._timer.cancel()

    def _check(self) -> None:
        unacknowledged, acknowledged = _in_kernel(self._socket)
        taken = (self._drained, acknowledged)
        now = self._loop.time()
        if taken != self._taken or not (self._waits or unacknowledged):
            self._taken = taken
            self._since = now
        elif now - self._since >= self._seconds:
            self._abort()
            return
        self._timer = self._loop.call_later(self._seconds / CHECKS, self._check)


def _in_kernel(sock: socket.socket) -> tuple[bool, int]:
    """Return whether the peer has not acknowledged all that was sent, and how many bytes it has;
    False and 0 where the kernel does not say.

    The offsets are those of `tcpi_unacked`, `tcpi_bytes_acked` and `tcpi_notsent_bytes` in Linux's
    `struct tcp_info`.
    """
    if sys.platform != "linux":
        return False, 0
    try:
        info = sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 148)
        segments, acknowledged, unsent = struct.unpack("=24xI92xQ16xI", info)
    except (OSError, struct.error):  # a Unix socket; an older kernel
        return False, 0
    return bool(segments or unsent), acknowledged


@cache
def stall_timeout() -> float:
    """Return the seconds for which a peer may take nothing."""
    return conf.load().STALL_TIMEOUT
