"""The page of cameras, as a visitor sees it."""

from __future__ import annotations

import json
from typing import Any

from playwright.async_api import Locator, Page, WebSocket, expect

from tests.browser.tab import WAIT, Tab, eventually

INK = """(canvas) => {
  const copy = new OffscreenCanvas(canvas.width, canvas.height);
  const context = copy.getContext("2d");
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  let hash = 0;
  for (let at = 0; at < data.length; at += 4) hash = (hash * 31 + data[at]) % 1000003;
  return hash;
}"""


class WallPage(Tab):
    """A tab with the page in it; notes what goes over its sockets."""

    def __init__(self, page: Page) -> None:
        self.watched: dict[str, dict[str, Any]] = {}
        """What the newest socket watches: stream -> the message that asked for it."""
        self.pictures: dict[str, list[int]] = {}
        """Numbers of the pictures that came, of each stream."""
        super().__init__(page)

    def _socket(self, socket: WebSocket) -> None:
        super()._socket(socket)
        self.watched = {}
        socket.on("framesent", self._sent)
        socket.on("framereceived", self._received)

    def _sent(self, data: str | bytes) -> None:
        message = json.loads(data)
        if message["type"] == "watch":
            self.watched[message["stream"]] = message
        elif message["type"] == "unwatch":
            del self.watched[message["stream"]]

    def _received(self, data: str | bytes) -> None:
        if isinstance(data, bytes):
            end = 4 + int.from_bytes(data[:4], "little")
            message = json.loads(data[4:end])
            self.pictures.setdefault(message["stream"], []).append(message["seq"])

    def tile(self, name: str) -> Locator:
        return self.page.locator(f".tile[data-name={name}]")

    @property
    def viewer(self) -> Locator:
        return self.page.locator("#viewer")

    async def open(self, name: str) -> None:
        """Make one large."""
        await self.tile(name).click()
        await expect(self.viewer).to_be_visible()

    async def live(self, name: str) -> None:
        """Wait until a tile is live and its picture moves."""
        await self.shows(self.tile(name), "Live")
        await self.moves(self.tile(name))

    async def shows(self, place: Locator, words: str) -> None:
        """Wait until a tile or the large one has these words in it."""
        await expect(place).to_contain_text(words, timeout=WAIT)

    async def moves(self, place: Locator) -> None:
        """Wait until the picture there is another than now."""
        canvas = place.locator("canvas")
        before = await canvas.evaluate(INK)

        async def has_moved() -> bool:
            return bool(await canvas.evaluate(INK) != before)

        await eventually(has_moved)

    async def has_left(self, name: str) -> bool:
        """Tell whether it is not watched."""
        return name not in self.watched

    async def watches(self, *names: str) -> None:
        """Wait until just these are watched."""

        async def just_these() -> bool:
            return set(self.watched) == set(names)

        await eventually(just_these)
