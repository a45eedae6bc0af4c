"""What all of our WebSockets have in common."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections.abc import Awaitable, Callable
from contextlib import ExitStack, suppress
from functools import partial
from typing import Any

from autobahn.exception import Disconnected
from channels.exceptions import StopConsumer
from channels.generic.websocket import AsyncWebsocketConsumer
from structlog.contextvars import bind_contextvars

from streamer import build, caller, conf, metrics, wire
from streamer.access import Visitor, visitor_of_scope
from streamer.bucket import Bucket
from streamer.dialects import Message
from streamer.errors import Code, DatabaseAwayError, MessageError

logger = logging.getLogger(__name__)

MAX_UNSENT = 32
"""Answers that may wait for a client to read them."""
LAST_WORD_SECONDS = 1.0
"""How long the error before a close may take to be sent."""

GONE = (OSError, Disconnected)
"""What uvicorn and daphne raise for a message to who has just left; the disconnect follows."""


class Socket(AsyncWebsocketConsumer):
    """A WebSocket whose resources are let go of however it ends, and which tells why it closes."""

    kind: str
    """What to call who is there, in the log."""
    least_frame: int
    least_text: int
    """What any binary or text message counts for, in bytes: a small one is work too."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Channels' own makes a task for each message, to hear a channel layer at the same time.
        self.scope, self.base_send = scope, send
        with ExitStack() as self._held, suppress(StopConsumer):
            while True:
                await self.dispatch(await receive())

    async def connect(self) -> None:
        """Take the connection, then begin."""
        bind_contextvars(session=secrets.token_hex(4))
        self._conf = conf.load()
        self._caller = caller.of_scope(self.scope, self._conf.TRUSTED_PROXIES)
        self._budget = Bucket(self._conf.MAX_BYTES_PER_SECOND, self._conf.BURST_SECONDS)
        self._ended = False
        self._code: int | None = None
        self._unsent: asyncio.Queue[Message] = asyncio.Queue(MAX_UNSENT)
        self._tasks: set[asyncio.Task[None]] = set()
        self._held.callback(self._cancel_tasks)
        speaks_v1 = wire.SUBPROTOCOL in self.scope["subprotocols"]
        await self.accept(wire.SUBPROTOCOL if speaks_v1 else None)
        await self._until_trouble(partial(self._come_in, speaks_v1))
        if not self._ended:
            self._go(self._tell)

    async def _come_in(self, speaks_v1: bool) -> None:
        admission = build.admission()
        admission.shake_hands(self._caller, self._conf.HANDSHAKES_PER_MINUTE)
        await self._begin(speaks_v1)
        self._held.enter_context(admission.inside(self._dismiss))
        logger.info("%s came", self.kind, extra={"address": self._caller.address})
        self._held.callback(self._log_end, time.monotonic())
        self._go(self._live)

    def _log_end(self, since: float) -> None:
        seconds = round(time.monotonic() - since, 1)
        logger.info("%s left", self.kind, extra={"code": self._code, "seconds": seconds})

    async def disconnect(self, code: int) -> None:
        self._code = self._code or code

    def _dismiss(self, reason: MessageError) -> None:
        self._go(partial(self._end, reason))

    async def _begin(self, speaks_v1: bool) -> None:
        """Hold what is needed; MessageError ends the connection."""
        raise NotImplementedError

    async def _who(self) -> Visitor:
        """Return who is at the other end; MessageError where that cannot be told now."""
        try:
            return await visitor_of_scope(self.scope)
        except DatabaseAwayError as error:
            raise MessageError(Code.RESTARTING, str(error), fatal=True) from error

    async def _live(self) -> None:
        """End what goes on for too long: who may come in is asked anew then."""
        seconds = self._conf.SESSION_LIFETIME
        await asyncio.sleep(seconds)
        trouble = f"A connection lasts {seconds:g} s at the most. Connect again."
        raise MessageError(Code.ENDED, trouble, fatal=True)

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels closes stale database connections in a thread before each message; what comes
        # here touches no database, and that hop costs more than the rest of a frame's way.
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._ended:
            return
        try:
            if text_data is None:
                self._charge(len(bytes_data or b""), self.least_frame)
            else:
                self._charge(len(text_data), self.least_text)
            self._heed(text_data, bytes_data)
        except MessageError as error:
            await self._end(error)

    def _charge(self, size: int, least: int) -> None:
        """Count what comes; MessageError where it is too much at once."""
        if not self._budget.take(max(size, least)):
            most = self._conf.MAX_BYTES_PER_SECOND
            raise MessageError(
                Code.TOO_MANY,
                f"Expected at most {most} bytes a second, each message counted as "
                f"{least} at least; came more. Send fewer or smaller ones.",
                fatal=True,
            )

    def _heed(self, text: str | None, data: bytes | None) -> None:
        """Do what a message asks for, without waiting; a fatal MessageError ends the connection."""
        raise NotImplementedError

    def _go(self, work: Callable[[], Awaitable[None]]) -> asyncio.Task[None]:
        """Have something done until it is over or the connection is."""
        task = asyncio.create_task(self._until_trouble(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _cancel_tasks(self) -> None:
        for task in self._tasks - {asyncio.current_task()}:
            task.cancel()

    async def _until_trouble(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
        except MessageError as error:
            await self._end(error)
        except Exception:
            logger.exception("a connection failed")
            trouble = "The server failed on this connection. Connect again."
            await self._end(MessageError(Code.RESTARTING, trouble, fatal=True))

    def _say(self, answer: Message) -> None:
        """Leave an answer to be sent: who does not read is not waited for."""
        if self._unsent.full():
            trouble = f"{MAX_UNSENT} answers wait to be read. Read what the server sends."
            raise MessageError(Code.NOT_READING, trouble, fatal=True)
        self._unsent.put_nowait(answer)

    async def _tell(self) -> None:
        """Send the answers, at the pace that the client reads."""
        while True:
            await self._send(await self._unsent.get())

    async def _send(self, message: Message) -> None:
        form = "text_data" if isinstance(message, str) else "bytes_data"
        with suppress(*GONE):
            await self.send(**{form: message})

    async def _end(self, error: MessageError) -> None:
        """Say why, as far as the client hears it, and close."""
        if self._ended:
            return  # two things failed at once
        metrics.refused(error.code)
        self._fall_silent()
        await self._close(error.code, self._words(error))

    def _words(self, error: MessageError) -> Message | None:
        """Return the message that tells an error, None where the client has no such message."""
        raise NotImplementedError

    async def _close(self, code: Code, last_word: Message | None = None) -> None:
        """Send what waits to be sent, and a last word where there is one, then close."""
        self._fall_silent()
        # Who does not read is not told, but closed all the same.
        with suppress(TimeoutError):
            async with asyncio.timeout(LAST_WORD_SECONDS):
                while not self._unsent.empty():
                    await self._send(self._unsent.get_nowait())
                if last_word is not None:
                    await self._send(last_word)
        self._code = int(code)
        with suppress(*GONE):
            await self.close(self._code)

    def _fall_silent(self) -> None:
        """Heed and send nothing more: after a close that would be a fault."""
        self._ended = True
        self._cancel_tasks()
