"""File handles, of which each connection takes one."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
from typing import Any

from streamer.occasional import OccasionalLog

RESERVE = 128
"""Handles that connections leave to cameras, files and the database; an eighth where the system
grants a process few."""

_NONE_LEFT = (errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM)

_troubles = OccasionalLog(logging.getLogger(__name__))
_FULL = "Connections are turned away: no file handles are left but those in reserve (ulimit -n)"


def are_few() -> bool:
    """Tell whether a connection that just came has to be turned away, and log it."""
    try:
        lowest_free = os.open(os.devnull, os.O_RDONLY)
    except OSError as error:
        if error.errno not in _NONE_LEFT:
            raise
    else:
        os.close(lowest_free)
        if lowest_free < _granted():
            return False
    _troubles.say(_FULL)
    return True


def on_trouble(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log what went wrong in an event loop: as asyncio does, but for connections that cannot be
    taken, which it would tell with a traceback each. It tries again after a second by itself."""
    error = context.get("exception")
    if isinstance(error, OSError) and error.errno in _NONE_LEFT and "socket" in context:
        _troubles.say(_FULL)
    else:
        loop.default_exception_handler(context)


def _granted() -> int:
    """Return how many handles may be open before connections are turned away."""
    if sys.platform == "win32":
        return sys.maxsize
    import resource  # noqa: PLC0415, Unix has it

    limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if limit == resource.RLIM_INFINITY else limit - min(RESERVE, limit // 8)
