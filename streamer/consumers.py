"""WebSockets: thin shells around sessions."""

from __future__ import annotations

import asyncio
import logging
from contextlib import ExitStack, suppress
from typing import Any
from urllib.parse import parse_qsl

from autobahn.exception import Disconnected
from channels.generic.websocket import AsyncWebsocketConsumer

from streamer import build, conf, wire
from streamer.dialects import Dialect, Message, Plain, Version1
from streamer.errors import Code, MessageError

logger = logging.getLogger(__name__)

MAX_UNSENT = 32
"""Answers to settings that may wait for a client to read them."""
LAST_WORD_SECONDS = 1.0
"""How long the error before a close may take to be sent."""

GONE = (OSError, Disconnected)
"""What uvicorn and daphne raise for a message to who has just left; the disconnect follows."""


class WebcamConsumer(AsyncWebsocketConsumer):
    """One visitor's webcam, in the plain dialect or in `videostream.v1`."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        with ExitStack() as self._held:  # let go of however the connection ends
            await super().__call__(scope, receive, send)

    async def connect(self) -> None:
        self._conf = conf.load()
        self._ended = False
        self._unsent: asyncio.Queue[Message] = asyncio.Queue(MAX_UNSENT)
        speaks_v1 = wire.SUBPROTOCOL in self.scope["subprotocols"]
        self._dialect: Dialect = Version1() if speaks_v1 else Plain()
        await self.accept(wire.SUBPROTOCOL if speaks_v1 else None)
        try:
            self._held.enter_context(build.admission().session(self._conf.MAX_SESSIONS))
            self._session = build.session(self._conf, self._dialect, self._send)
            self._session.change(self._dialect.read_query(self._query()))
        except MessageError as error:
            await self._end(error)
            return
        if speaks_v1:
            await self._send(self._session.hello())
        for work in (self._answer(), self._tell()):
            self._held.callback(asyncio.create_task(work).cancel)

    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    async def dispatch(self, message: dict[str, Any]) -> None:
        # Channels closes stale database connections in a thread before each message; a frame
        # touches no database, and that hop costs more than the rest of its way to the slot.
        if message["type"] == "websocket.receive":
            await self.websocket_receive(message)
        else:
            await super().dispatch(message)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if self._ended:
            return
        try:
            if bytes_data:
                self._session.submit(bytes_data)
            elif text_data is None:
                await self._close(Code.ENDED)
            else:
                self._change(text_data)
        except MessageError as error:
            await self._end(error)

    def _change(self, text: str) -> None:
        """Change settings, and leave the answer to be sent: who does not read is not waited for."""
        answer: Message | None
        try:
            self._session.change(self._dialect.read_text(text, self._conf.MAX_TEXT_BYTES))
            answer = wire.encode(self._session.settings).decode()
        except MessageError as error:
            if error.fatal:
                raise
            answer = self._dialect.error(error)
        if answer is None:
            return
        if self._unsent.full():
            trouble = f"{MAX_UNSENT} answers wait to be read. Read what the server sends."
            raise MessageError(Code.NOT_READING, trouble, fatal=True)
        self._unsent.put_nowait(answer)

    async def _tell(self) -> None:
        """Send what changes of settings are answered with, at the pace that the client reads."""
        while True:
            await self._send(await self._unsent.get())

    async def _answer(self) -> None:
        """Answer frames until the session ends."""
        try:
            await self._session.run()
        except MessageError as error:
            await self._end(error)
        except Exception:
            logger.exception("a session failed")
            await self._close(Code.RESTARTING)

    async def _send(self, message: Message) -> None:
        form = "text_data" if isinstance(message, str) else "bytes_data"
        with suppress(*GONE):
            await self.send(**{form: message})

    async def _end(self, error: MessageError) -> None:
        self._ended = True
        message = self._dialect.error(error)
        if message is not None:
            # Who does not read is not told, but closed all the same.
            with suppress(TimeoutError):
                async with asyncio.timeout(LAST_WORD_SECONDS):
                    await self._send(message)
        await self._close(error.code)

    async def _close(self, code: Code) -> None:
        self._ended = True
        await self.close(int(code))
