"""One tab of a browser, and what happens in it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, Self

from playwright.async_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    WebSocket,
    expect,
)

WAIT = 30_000
DESKTOP = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}
ON_A_PHONE: dict[str, Any] = {
    "viewport": PHONE,
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
}

HIDE = """(hidden) => {
  Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
  document.dispatchEvent(new Event("visibilitychange"));
}"""

SMALL_CONTROLS = """() => [...document.querySelectorAll("a.tool, nav a, button, select")]
  .filter((control) => control.checkVisibility())
  .filter((control) => control.getBoundingClientRect().height < 44)
  .map((control) => control.outerHTML)"""


class Tab:
    """Notes what the console says and where requests go."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.troubles: list[str] = []
        self.requests: list[str] = []
        self.sockets: list[WebSocket] = []
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.troubles.append(str(error)))
        page.on("request", self._request)
        page.on("websocket", self._socket)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(message.text)

    def _request(self, request: Request) -> None:
        if not request.url.startswith(("data:", "blob:")):
            self.requests.append(request.url)

    def _socket(self, socket: WebSocket) -> None:
        self.sockets.append(socket)

    async def says(self, identity: str, text: str | re.Pattern[str]) -> None:
        """Wait until an element has this text in it."""
        await expect(self.page.locator(f"#{identity}")).to_contain_text(text, timeout=WAIT)

    async def evaluate(self, script: str) -> Any:
        return await self.page.evaluate(script)

    async def hide(self, hidden: bool) -> None:
        """Tell the page that it is hidden, or seen. A fake: a headless browser hides no tab."""
        await self.page.evaluate(HIDE, hidden)

    async def all_closed(self) -> bool:
        """Tell whether no socket is open."""
        return all(socket.is_closed() for socket in self.sockets)

    async def becomes(self, script: str, value: object) -> None:
        """Wait until the script returns this value."""
        await eventually(lambda: self._returns(script, value))

    async def changes(self, script: str) -> None:
        """Wait until the script returns another value than it does now."""
        before = await self.evaluate(script)
        await eventually(lambda: self._returns(script, before, same=False))

    async def _returns(self, script: str, value: object, *, same: bool = True) -> bool:
        return bool((await self.evaluate(script) == value) is same)

    @classmethod
    @asynccontextmanager
    async def visit(
        cls, browser: Browser, url: str, *, camera: bool = True, **context: Any
    ) -> AsyncIterator[Self]:
        """Open the page in a profile of its own that grants the camera, or does not."""
        opened: BrowserContext = await browser.new_context(**{"viewport": DESKTOP} | context)
        try:
            if camera:
                await opened.grant_permissions(["camera"])
            visitor = cls(await opened.new_page())
            await visitor.page.goto(url)
            yield visitor
        finally:
            await opened.close()


async def eventually(condition: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the condition holds; TimeoutError where it never does."""
    async with asyncio.timeout(WAIT / 1000):
        while not await condition():
            await asyncio.sleep(0.05)
