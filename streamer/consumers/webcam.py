"""One visitor's webcam."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from urllib.parse import parse_qsl

from streamer import build, metrics, wire
from streamer.access import Visitor
from streamer.consumers.sharing import Sharing
from streamer.consumers.socket import Socket
from streamer.dialects import Dialect, Message, Plain, Version1
from streamer.errors import Code, MessageError
from streamer.wire import Share, Unshare

CHECKS = 8
"""How often frames are looked for within the time that they may take."""


class WebcamConsumer(Socket):
    """Takes a webcam's pictures, in the plain dialect or in `videostream.v1`."""

    kind = "webcam"
    least_frame, least_text = 4096, 16_384

    async def connect(self) -> None:
        speaks_v1 = wire.SUBPROTOCOL in self.scope["subprotocols"]
        self._dialect: Dialect = Version1() if speaks_v1 else Plain()
        await super().connect()

    async def _begin(self, speaks_v1: bool) -> None:
        self._take_places(await self._who())
        self._session = build.session(self._conf, self._dialect, self._send)
        self._session.change(self._dialect.read_query(self._query()))
        self._sharing: Sharing | None = None
        if speaks_v1:
            await self._send(self._session.hello())
        self._frames = 0
        self._go(self._session.run)
        self._go(self._expect_frames)
        self._held.callback(self._unshare)

    async def _who(self) -> Visitor:
        try:
            visitor = await super()._who()
        except MessageError:
            if not self._conf.ANONYMOUS_WEBCAM:
                raise
            return Visitor()  # the database is away: nobody needs one here
        if visitor.may_watch_all or self._conf.ANONYMOUS_WEBCAM:
            return visitor
        trouble = "A webcam needs a log-in here, came none. Log in, then connect again."
        raise MessageError(Code.NO_STREAM, trouble, fatal=True)

    def _take_places(self, visitor: Visitor) -> None:
        """Hold a place of the process, the address and the log-in; MessageError where one of them
        has none left."""
        most, places, come_in = self._conf, build.admission(), self._held.enter_context
        address, note = self._caller.address, self._caller.note
        come_in(places.webcams.hold(most.MAX_SESSIONS))
        come_in(places.webcams_of_address.hold(most.MAX_SESSIONS_PER_ADDRESS, address, note))
        if visitor.user is not None:
            come_in(places.webcams_of_user.hold(most.MAX_SESSIONS_PER_USER, visitor.user))

    async def _expect_frames(self) -> None:
        """End who sends no frame for too long. Steps are counted and not the clock: while this
        process is stopped nobody is silent."""
        first, idle = self._conf.FIRST_FRAME_TIMEOUT, self._conf.IDLE_TIMEOUT
        step = min(first, idle) / CHECKS
        before, silent = 0, 0.0
        while silent <= (limit := idle if before else first):
            await asyncio.sleep(step)
            silent = silent + step if self._frames == before else 0.0
            before = self._frames
        trouble = f"Expected a frame within {limit:g} s, came none. Connect again with a camera."
        raise MessageError(Code.ENDED, trouble, fatal=True)

    def _query(self) -> dict[str, str]:
        return dict(parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True))

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not bytes_data and text_data is None and not self._ended:
            await self._close(Code.ENDED)
        else:
            await super().receive(text_data, bytes_data)

    def _heed(self, text: str | None, data: bytes | None) -> None:
        if data:
            self._frames += 1
            self._session.submit(data)
        elif text is not None:
            self._obey(text)

    def _obey(self, text: str) -> None:
        """Do what a text message asks for, and answer it."""
        try:
            asked = self._dialect.read_text(text, self._conf.MAX_TEXT_BYTES)
            if isinstance(asked, Share):
                self._share(asked.resume)
            elif isinstance(asked, Unshare):
                self._unshare()
                self._say(wire.encode(wire.Unshared()).decode())
            else:
                self._session.change(asked)
                self._say(wire.encode(self._session.settings).decode())
        except MessageError as error:
            message = self._dialect.error(error)
            if error.fatal or message is None:
                raise
            metrics.refused(error.code)
            self._say(message)

    def _share(self, resume: str | None) -> None:
        """Show the webcam to others, or say again how it is shown."""
        if self._sharing is None:
            self._sharing = Sharing(build.streams(), resume, self._hand_over)
            self._session.shared = self._sharing.stream
            self._telling = self._go(partial(self._sharing.tell, self._send))
        else:
            self._sharing.tell_again()

    def _unshare(self) -> None:
        if self._sharing is not None:
            self._telling.cancel()
            self._session.shared = None
            self._sharing.end()
            self._sharing = None

    def _hand_over(self) -> None:
        """Share no longer, since a newer connection of the same page does."""
        self._unshare()
        with suppress(MessageError):  # it reads nothing, as a lost one does
            self._say(wire.encode(wire.Unshared()).decode())

    def _words(self, error: MessageError) -> Message | None:
        return self._dialect.error(error)
