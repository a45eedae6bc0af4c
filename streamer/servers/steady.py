"""Daphne by a clock that does not jump."""

from __future__ import annotations

import time
from types import SimpleNamespace

from daphne import http_protocol, server, ws_protocol
from twisted.internet import reactor


def install() -> None:
    """Have Daphne and Twisted measure time by the monotonic clock, before either waits for
    anything.

    They do it by the wall clock: a machine that learns the time would end WebSockets as older than
    a day, or hold back pings and time-outs for as long as the clock went back.
    """
    reactor.seconds = time.monotonic  # type: ignore[method-assign, misc]
    for module in (http_protocol, server, ws_protocol):
        module.time = SimpleNamespace(time=time.monotonic)
