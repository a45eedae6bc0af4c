"""Cameras that push frames to us by ImageZMQ: `zmq:tcp://127.0.0.1:5555/NAME`."""

from __future__ import annotations

import logging
import queue
import time

from streamer.errors import FrameError, SourceError, SourceTimeoutError
from streamer.sources.hub import Hub, Mailbox, hub_at
from streamer.sources.imagezmq import Sender
from streamer.types import Frame, FrameSource

logger = logging.getLogger(__name__)

TIMEOUT = 5.0
"""Seconds for a frame."""
PRESENT = 2.0
"""Seconds since its last message in which a sender counts as there."""


class ZmqSource(FrameSource):
    """A sender NAME, which meets us at the address.

    We listen beyond this machine only where that is written: `*` is every address, or the one of a
    network. Whoever reaches it can send.
    """

    def __init__(self, spec: str) -> None:
        self._sender = Sender.of(spec)
        self._hub: Hub = hub_at(self._sender.address)
        self._mailbox: Mailbox | None = None

    def attend(self) -> None:
        self._hub.expect(self._sender.name)
        try:
            self._hub.start()
        except SourceError as error:  # told again to whoever watches, and tried again
            logger.warning("%s", error)

    def open(self) -> None:
        self._hub.expect(self._sender.name)
        self._hub.start()
        self._mailbox = self._hub.watch(self._sender.name)

    def read(self) -> Frame:
        if self._mailbox is None:
            raise SourceError("The camera is not open.")
        deadline = time.monotonic() + TIMEOUT
        while (left := deadline - time.monotonic()) > 0:
            try:
                return self._mailbox.get(timeout=left).frame()
            except FrameError as error:
                self._hub.refuse(error)
            except queue.Empty:
                break
        raise SourceTimeoutError(f"The camera sent no picture for {TIMEOUT:.0f} s.")

    def close(self) -> None:
        if self._mailbox is not None:
            self._hub.unwatch(self._sender.name, self._mailbox)
            self._mailbox = None

    def answers(self) -> bool:
        self._hub.expect(self._sender.name)
        try:
            self._hub.start()
        except SourceError:
            return False
        return self._hub.seconds_since(self._sender.name) < PRESENT
