"""The page of one's own webcam, as a visitor sees it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from playwright.async_api import Browser

from tests.browser.tab import Tab


class WebcamPage(Tab):
    """A tab with the page in it."""

    async def start(self) -> None:
        await self.page.get_by_role("button", name="Start", exact=True).click()

    async def stop(self) -> None:
        await self.page.get_by_role("button", name="Stop", exact=True).click()

    async def live(self) -> None:
        """Wait until pictures are shown."""
        await self.says("status", "Live")
        await self.says("age", re.compile(r"^\d"))

    async def share(self) -> str:
        """Press Share, and return the link."""
        await self.page.get_by_role("button", name="Share", exact=True).click()
        await self.says("sharing-status", "You are shared")
        return await self.page.get_by_label("Link").input_value()


visit = WebcamPage.visit


@asynccontextmanager
async def watching(browser: Browser, url: str, **context: Any) -> AsyncIterator[WebcamPage]:
    """Open the page, press Start and wait until pictures are shown."""
    async with visit(browser, url, **context) as visitor:
        await visitor.start()
        await visitor.live()
        yield visitor
