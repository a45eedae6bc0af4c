"""Cameras that publish frames by ImageZMQ, to which we connect: `zmq+sub:tcp://HOST:5555/NAME`."""

from __future__ import annotations

import logging
import time

import zmq

from streamer.errors import FrameError, SettingsError, SourceError, SourceTimeoutError
from streamer.sources.imagezmq import ANY, MAX_PART_BYTES, Message, Sender
from streamer.sources.probe import greets
from streamer.types import Frame, FrameSource

logger = logging.getLogger(__name__)

TIMEOUT = 5.0
"""Seconds for a frame."""

SIGNATURE = b"\xff"
"""What each side of a ZeroMQ connection begins with (ZMTP 3.1, 3.2)."""


class ZmqSubSource(FrameSource):
    """A sender NAME that was made with REQ_REP=False; it sends whether we listen or not."""

    def __init__(self, spec: str) -> None:
        self._sender = Sender.of(spec)
        if self._sender.host == ANY:
            raise SettingsError(
                "Expected the address of one machine, which zmq+sub connects to, came every "
                "address. zmq: listens there."
            )
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._socket: zmq.Socket[bytes] | None = None
        self._bad = 0

    def open(self) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.linger = 0
        self._socket.maxmsgsize = MAX_PART_BYTES  # who sends a larger part is disconnected
        self._socket.rcvhwm = 2  # the publisher drops what does not fit
        self._socket.ipv6 = "[" in self._sender.host
        self._socket.subscribe(b"")
        try:
            self._socket.connect(self._sender.address)  # goes on by itself, and again when lost
        except zmq.ZMQError as error:
            raise SourceError(f"The camera cannot be reached: {error.strerror}.") from None

    def read(self) -> Frame:
        if self._socket is None:
            raise SourceError("The camera is not open.")
        deadline = time.monotonic() + TIMEOUT
        while (left := deadline - time.monotonic()) > 0 and self._socket.poll(round(1000 * left)):
            parts = self._socket.recv_multipart(copy=False)
            try:
                message = Message.of([part.buffer for part in parts])
                if message.name == self._sender.name:
                    return message.frame()
            except FrameError as error:
                self._bad += 1
                if self._bad == 1:
                    logger.warning("A message of %s cannot be used: %s", self._sender.name, error)
        raise SourceTimeoutError(f"The camera sent no picture for {TIMEOUT:.0f} s.")

    def close(self) -> None:
        if self._context is not None:
            self._context.destroy()  # with its socket
            self._context = self._socket = None

    def answers(self) -> bool:
        return greets(self._sender.host.strip("[]"), self._sender.port, SIGNATURE)
