"""A viewer: any number of streams over one WebSocket."""

from __future__ import annotations

import asyncio
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial

import msgspec

from streamer import build, metrics, wire
from streamer.access import Trouble, Visitor
from streamer.consumers.socket import Socket
from streamer.errors import Code, MessageError
from streamer.stream import Picture, Status, Stream, Viewer
from streamer.types import State
from streamer.window import Window
from streamer.wire import Ack, Unwatch, Watch

CHECKS = 8
"""How often acknowledgements are looked at within the time that they may take."""


@dataclass
class Watching:
    """One stream that the viewer watches: the task that sends it, and the way there and back."""

    task: asyncio.Task[None]
    window: Window
    viewer: Viewer | None = None
    """There while the task runs."""
    since: float = field(default_factory=time.monotonic)
    """When it began, or a picture was sent or acknowledged last (time.monotonic)."""

    def sent(self, seq: int) -> None:
        """Note that a picture is on its way."""
        self.window.sent(seq)
        self.since = time.monotonic()

    def acked(self, seq: int) -> None:
        """Note that pictures have arrived, and let more through."""
        with suppress(ValueError):  # one from before the stream was left and watched anew
            self.window.acked(seq)
        self.since = time.monotonic()
        if self.viewer:
            self.viewer.is_ready = self.window.is_open
            self.viewer.wake()

    def waits(self, seconds: float) -> bool:
        """Tell whether an acknowledgement is due for so long."""
        return not self.window.is_open and time.monotonic() - self.since > seconds


class WatchConsumer(Socket):
    """Sends each stream's newest picture as fast as the viewer acknowledges them."""

    kind = "viewer"
    least_frame = least_text = 1024  # each picture is acknowledged

    async def _begin(self, speaks_v1: bool) -> None:
        if not speaks_v1:
            raise MessageError(
                Code.UNKNOWN_MESSAGE,
                f"Expected the subprotocol {wire.SUBPROTOCOL}. Name it when you connect.",
                fatal=True,
            )
        self._watched: dict[str, Watching] = {}
        self._sent: dict[str, int] = {}
        """The highest number of each stream's pictures that were sent, since the beginning."""
        self._visitor: Visitor = await self._who()
        if self._visitor.is_stranger:  # who may watch nothing takes nobody's place
            raise MessageError(Code.NO_STREAM, self._visitor.trouble.words, fatal=True)
        self._held.enter_context(build.admission().viewers.hold(self._conf.MAX_VIEWERS))
        self._go(self._expect_acks)
        if self._visitor.until is not None:
            self._go(partial(self._leave, self._visitor.until))

    def _heed(self, text: str | None, data: bytes | None) -> None:
        if text is None:
            raise MessageError(
                Code.UNKNOWN_MESSAGE, "Expected JSON as text, came a binary message.", fatal=True
            )
        try:
            asked = wire.read_watch(text, self._conf.MAX_TEXT_BYTES)
        except MessageError as error:
            if error.fatal:
                raise
            metrics.refused(error.code)
            self._say(self._words(error))
            return
        match asked:
            case Watch():
                self._watch(asked)
            case Unwatch():
                self._unwatch(asked.stream)
            case Ack():
                self._acked(asked)

    def _watch(self, asked: Watch) -> None:
        """Begin with a stream, or go on with it in another form."""
        stream = build.streams().get(asked.stream)
        if stream is None or not self._visitor.may_watch(asked.stream):
            metrics.refused(Code.NO_STREAM)
            self._say(self._no_stream(asked.stream))
            return
        window = before.window if (before := self._unwatch(asked.stream)) else Window()
        task = self._go(partial(self._show, stream, asked))
        self._watched[asked.stream] = Watching(task, window)

    def _unwatch(self, name: str) -> Watching | None:
        watching = self._watched.pop(name, None)
        if watching:
            watching.task.cancel()
        return watching

    def _acked(self, ack: Ack) -> None:
        if ack.seq > (sent := self._sent.get(ack.stream, 0)):
            trouble = f"Expected a picture up to {sent}, came {ack.seq}. Acknowledge what came."
            raise MessageError(Code.UNKNOWN_MESSAGE, trouble, fatal=True)
        # One may be on its way when the stream is left.
        if watching := self._watched.get(ack.stream):
            watching.acked(ack.seq)

    async def _show(self, stream: Stream, asked: Watch) -> None:
        """Send a stream's states and pictures until it ends."""
        watching = self._watched[stream.name]
        with stream.watch(asked.width, asked.fps) as watching.viewer:
            while True:
                watching.viewer.is_ready = watching.window.is_open
                news = await watching.viewer.next()
                if isinstance(news, Status):
                    await self._send(_state(stream, news))
                    if news.state is State.ENDED:
                        break
                else:
                    seq = news.moment.seq
                    watching.sent(seq)
                    self._sent[stream.name] = max(seq, self._sent.get(stream.name, 0))
                    await self._send(_frame(stream, news))
        del self._watched[stream.name]

    async def _expect_acks(self) -> None:
        """End who lets pictures wait for an acknowledgement too long."""
        timeout = self._conf.STALL_TIMEOUT
        while True:
            await asyncio.sleep(timeout / CHECKS)
            if any(each.waits(timeout) for each in self._watched.values()):
                raise MessageError(
                    Code.NOT_READING,
                    f"Expected an acknowledgement within {timeout:g} s, came none. "
                    "Acknowledge pictures, or unwatch what is not shown.",
                    fatal=True,
                )

    async def _leave(self, until: datetime) -> None:
        """End when the link does."""
        await asyncio.sleep((until - datetime.now(UTC)).total_seconds())
        raise MessageError(Code.NO_STREAM, Trouble.LINK_OVER.words, fatal=True)

    def _words(self, error: MessageError) -> str:
        return wire.encode(wire.ErrorMessage(error.code, str(error))).decode()

    @staticmethod
    def _no_stream(name: str) -> str:
        """Return the same words for a stream that is not there and for one that is not for them."""
        trouble = "There is no such stream for you. Log in, or ask for a link."
        return wire.encode(wire.ErrorMessage(Code.NO_STREAM, trouble, stream=name)).decode()


def _state(stream: Stream, status: Status) -> str:
    return wire.encode(
        wire.StateMessage(stream.name, status.state, status.message, status.viewers)
    ).decode()


def _frame(stream: Stream, picture: Picture) -> bytes:
    """Return length of the JSON, the JSON, and the JPEG."""
    moment = picture.moment
    found = msgspec.Raw(moment.found)
    message = wire.FrameMessage(stream.name, moment.seq, round(moment.age * 1e3, 1), found)
    encoded = wire.encode(message)
    return b"".join((len(encoded).to_bytes(4, "little"), encoded, picture.jpeg))
