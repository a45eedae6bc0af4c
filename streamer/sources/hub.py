"""Where senders of ImageZMQ push their frames: one socket an address, for all its cameras."""

from __future__ import annotations

import errno
import logging
import queue
import threading
import time
from collections import defaultdict
from contextlib import suppress

import zmq

from streamer.errors import FrameError, SourceError
from streamer.sources.imagezmq import MAX_PART_BYTES, Message

logger = logging.getLogger(__name__)

Mailbox = queue.Queue[Message]
"""Room for the newest message of a sender."""

MAX_STRANGERS = 100
"""Names that are noted once each; whoever sends under ever new ones does not fill the log."""
MAX_NAME = 40
"""Characters of a stranger's name that are noted."""


class Hub:
    """Answers every sender of one address at once, and keeps what somebody waits for.

    ImageZMQ's senders wait for each answer: they would stand still if only watched cameras had one.
    """

    def __init__(self, address: str) -> None:
        """Take ZeroMQ's name of where to listen; nothing is opened yet."""
        self._address = address
        self._lock = threading.Lock()
        self._context: zmq.Context[zmq.Socket[bytes]] | None = None
        self._thread: threading.Thread | None = None
        self._mailboxes: defaultdict[str, set[Mailbox]] = defaultdict(set)
        self._heard: dict[str, float] = {}
        self._strangers: set[str] = set()
        self.bad = 0
        """Messages that were none."""

    def start(self) -> None:
        """Listen, in a thread, if it does not yet; SourceError where the address is taken."""
        with self._lock:
            if self._thread:
                return
            context: zmq.Context[zmq.Socket[bytes]] = zmq.Context()
            socket = context.socket(zmq.REP)
            socket.linger = 0
            socket.maxmsgsize = MAX_PART_BYTES  # who sends a larger part is disconnected
            socket.rcvhwm = 2  # a sender has one on its way; others may pretend to be one
            socket.ipv6 = "[" in self._address
            try:
                socket.bind(self._address)
            except zmq.ZMQError as error:
                socket.close()
                context.term()
                raise SourceError(_why_not(error)) from None
            self._context = context
            self._thread = threading.Thread(
                target=self._run, args=(socket,), name="ImageZMQ hub", daemon=True
            )
            self._thread.start()

    def stop(self) -> None:
        """Listen no more, and wait for the thread."""
        with self._lock:
            thread, context = self._thread, self._context
            self._thread = self._context = None
        if thread and context:
            context.term()  # the thread's wait ends, and it closes the socket
            thread.join()

    def expect(self, name: str) -> None:
        """Know a sender by its name."""
        self._heard.setdefault(name, float("-inf"))

    def watch(self, name: str) -> Mailbox:
        """Return where messages of a sender arrive from now on, the newest only."""
        mailbox: Mailbox = queue.Queue(1)
        with self._lock:
            self._mailboxes[name].add(mailbox)
        return mailbox

    def unwatch(self, name: str, mailbox: Mailbox) -> None:
        """Keep nothing there any more."""
        with self._lock:
            self._mailboxes[name].discard(mailbox)

    def seconds_since(self, name: str) -> float:
        """Return how long ago a known sender sent something; infinity where it never did."""
        return time.monotonic() - self._heard[name]

    def refuse(self, error: FrameError) -> None:
        """Count a message that cannot be used, and tell of the first."""
        self.bad += 1
        if self.bad == 1:
            logger.warning("A message to %s cannot be used: %s", self._address, error)

    def _run(self, socket: zmq.Socket[bytes]) -> None:
        with suppress(zmq.ContextTerminated):
            while True:
                parts = socket.recv_multipart(copy=False)
                socket.send(b"OK")
                try:
                    self._sort(Message.of([part.buffer for part in parts]))
                except FrameError as error:
                    self.refuse(error)
        socket.close()

    def _sort(self, message: Message) -> None:
        """Put the message where somebody waits for it."""
        if message.name not in self._heard:
            self._note(message.name)
            return
        self._heard[message.name] = time.monotonic()
        with self._lock:
            mailboxes = tuple(self._mailboxes[message.name])
        for mailbox in mailboxes:
            with suppress(queue.Empty):
                mailbox.get_nowait()  # an older one that was not taken
            mailbox.put_nowait(message)  # there is room: nobody else puts

    def _note(self, name: str) -> None:
        name = "".join(sign if sign.isprintable() else "?" for sign in name[:MAX_NAME])
        if name not in self._strangers and len(self._strangers) < MAX_STRANGERS:
            self._strangers.add(name)
            logger.warning(
                "%s sends to %s and is no camera here. Add one whose source is zmq:%s/%s, "
                "or stop it.",
                name,
                self._address,
                self._address,
                name,
            )


def _why_not(error: zmq.ZMQError) -> str:
    if error.errno == zmq.EADDRINUSE:
        return (
            "Another program listens at the port that the camera sends to. End it, or take "
            "another port."
        )
    if error.errno in (errno.ENODEV, zmq.EADDRNOTAVAIL):
        return "The camera's source names an address that this server has not. Take 127.0.0.1 or *."
    return f"The server cannot listen where the camera sends to: {error.strerror}."


_hubs: dict[str, Hub] = {}
_hubs_lock = threading.Lock()


def hub_at(address: str) -> Hub:
    """Return the hub of an address, the same for all its cameras."""
    with _hubs_lock:
        return _hubs.setdefault(address, Hub(address))
