"""What comes on a WebSocket, handed to the server library a frame at a time."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from streamer.bucket import Bucket

AT_ONCE = 16
"""Frames of one connection that are parsed before others have their turn: a read of 256 KB can hold
37,000, and each takes 10 to 50 microseconds."""

MOST_WAITING = 8
"""Messages of one WebSocket that may wait to be handled before no more are parsed."""

PIECE_BYTES = 1024
"""A piece of a message that is as large counts for its bytes alone, once the message is whole."""

PIECES_PER_SECOND = 100
BURST_SECONDS = 4.0
"""How many frames that are no whole message may come: small pieces, pings, pongs, empty ones.
Browsers send large messages in pieces of 64 KB or more, the last of which may be small."""


class Intake:
    """Hands what comes on one connection to `hand_on`, a frame at a time or less, while `has_room`;
    what is left waits, and with it the connection, until `more` is called. Calls `on_flood` once
    where more pieces come than may, and then hands on nothing more."""

    def __init__(
        self,
        hand_on: Callable[[bytes], None],
        has_room: Callable[[], bool],
        pause: Callable[[], None],
        resume: Callable[[], None],
        on_flood: Callable[[], None],
    ) -> None:
        self._hand_on = hand_on
        self._has_room = has_room
        self._pause = pause
        self._resume = resume
        self._on_flood = on_flood
        self.is_closed = False
        """Whether the server has closed the WebSocket. From then on all that comes counts as pieces
        do, since nobody else counts it."""
        self._pieces = Bucket(PIECES_PER_SECOND, BURST_SECONDS)
        self._left = b""
        self._at = 0
        self._of_frame = 0
        self._is_paused = self._is_due = self._has_ended = False

    def take(self, data: bytes) -> None:
        """Take what was read."""
        self._left = self._left[self._at :] + data if self._left else data
        self._at = 0
        if not self._is_due:
            self._go_on()

    def more(self) -> None:
        """Go on soon, where something waits: there may be room."""
        if self._is_paused and not self._is_due:
            self._go_on_soon()

    def end(self) -> None:
        """Hand on nothing more: the connection ends."""
        self._has_ended = True

    def _go_on_soon(self) -> None:
        self._is_due = True
        asyncio.get_running_loop().call_soon(self._go_on)

    def _go_on(self) -> None:
        self._is_due = False
        for _ in range(AT_ONCE):
            if self._at == len(self._left) or self._has_ended:
                self._read_on()
                return
            if not self._of_frame and not self._begin_frame():
                return
            part = self._left[self._at : self._at + self._of_frame]
            self._at += len(part)
            self._of_frame -= len(part)
            self._hand_on(part)
        self._hold_back()
        self._go_on_soon()

    def _begin_frame(self) -> bool:
        """Tell whether a frame comes that may be handed on now."""
        size, is_piece = frame_at(self._left, self._at)
        if not size:
            self._read_on()
        elif not self._has_room():
            self._hold_back()
        elif (is_piece or self.is_closed) and not self._pieces.take(1):
            self.end()
            self._on_flood()
        else:
            self._of_frame = size
            return True
        return False

    def _read_on(self) -> None:
        """Keep what is left, which is no whole header of a frame, and have more read."""
        self._left = b"" if self._has_ended else self._left[self._at :]
        self._at = 0
        if self._is_paused:
            self._is_paused = False
            self._resume()

    def _hold_back(self) -> None:
        self._is_paused = True
        self._pause()


def frame_at(data: bytes, at: int) -> tuple[int, bool]:
    """Return the bytes of the frame that begins there and whether it is a small piece; 0 bytes
    where its header has not come as a whole. RFC 6455, section 5.2."""
    if len(data) - at < 2:
        return 0, False
    first, second = data[at], data[at + 1]
    length = second & 0x7F
    begin = at + 2
    if length >= 126:
        begin += 2 if length == 126 else 8
        if len(data) < begin:
            return 0, False
        length = int.from_bytes(data[at + 2 : begin], "big")
    is_whole = first & 0x80 and first & 0x0F in (1, 2) and length
    mask = 4 if second & 0x80 else 0
    return begin - at + mask + length, not is_whole and length < PIECE_BYTES
