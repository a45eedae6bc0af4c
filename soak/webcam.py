"""An honest webcam that speaks `videostream.v1`, as the page does."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections.abc import Sequence
from typing import Any

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from soak.site import DETECTORS
from tests.hostile import numbered

ANSWER_SECONDS = 20
"""How long an honest client waits for an answer, on a machine that is busy."""
OVERLAPPING = 2
"""Frames that may be unanswered."""


class Webcam:
    """Sends a picture when its time has come and few are unanswered, and notes the answers."""

    def __init__(self, socket: ClientConnection, pictures: Sequence[bytes], chance: random.Random):
        self._socket = socket
        self._pictures = pictures
        self._chance = chance
        self._waiting: dict[int, float] = {}
        """When each frame that is not answered was sent."""
        self._room = asyncio.Event()
        self._room.set()
        self.sent = self.answered = 0
        self.ages: list[float] = []
        self.shared = asyncio.Event()
        self.stream = ""
        """The name that it is shared under, once it is."""
        self.trouble: str | None = None

    async def stay(self, seconds: float, fps: float) -> None:
        """Send for so long, then wait for what is not answered yet. `trouble` tells what was
        missed."""
        reading = asyncio.create_task(self._read())
        try:
            async with asyncio.timeout(seconds + ANSWER_SECONDS):
                await self._settle_in()
                await self._send(time.monotonic() + seconds, 1 / fps)
                while self._waiting and not reading.done():
                    self._room.clear()
                    await self._room.wait()
        except ConnectionClosed:
            await reading
        except TimeoutError:
            self.trouble = self.trouble or f"no answer to {len(self._waiting)} frames in time"
        finally:
            reading.cancel()
            await asyncio.wait([reading])

    async def _settle_in(self) -> None:
        """Ask for what this one wants."""
        wants = {
            "reply": self._chance.choice(["base64", "binary", "results"]),
            "detectors": self._chance.choice([DETECTORS, ["motion"], ["faces"], []]),
            "quality": self._chance.randint(40, 90),
            "width": self._chance.choice([None, 320]),
        }
        await self._socket.send(json.dumps({"type": "settings"} | wants))
        if self._chance.random() < 0.3:
            await self._socket.send('{"type":"share"}')

    async def _send(self, until: float, interval: float) -> None:
        due = time.monotonic()
        while (due := max(due + interval, time.monotonic())) < until:
            await asyncio.sleep(due - time.monotonic())
            await self._room.wait()
            self.sent += 1
            self._waiting[self.sent] = time.monotonic()
            if len(self._waiting) >= OVERLAPPING:
                self._room.clear()
            await self._socket.send(
                numbered(self.sent, self._pictures[self.sent % len(self._pictures)])
            )

    async def _read(self) -> None:
        try:
            async for message in self._socket:
                self._heed(_json(message))
        except ConnectionClosed as end:
            self.trouble = self.trouble or f"closed with {end.rcvd}"
        finally:
            self._room.set()

    def _heed(self, message: dict[str, Any]) -> None:
        kind = message["type"]
        if kind == "error":
            self.trouble = f"told {message}"
        elif kind == "result":
            now, seq = time.monotonic(), message["seq"]
            self.answered += 1
            self.ages.append(now - self._waiting[seq])
            for before in [each for each in self._waiting if each <= seq]:
                del self._waiting[before]
            self._room.set()
        elif kind == "shared":
            self.stream = message["stream"]
            self.shared.set()


def _json(message: str | bytes) -> dict[str, Any]:
    """Return the JSON of a message, which in a binary one goes before the picture."""
    if isinstance(message, bytes):
        message = message[4 : 4 + int.from_bytes(message[:4], "little")].decode()
    told: dict[str, Any] = json.loads(message)
    return told
