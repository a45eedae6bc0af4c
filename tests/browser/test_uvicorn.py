"""The page in a real browser, served by uvicorn."""

import re
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.webcam_page import watching
from tests.server import serve


@pytest.mark.asyncio(loop_scope="session")
async def test_moving_pictures_come_back_by_uvicorn_too(browser: Browser, tmp_path: Path) -> None:
    with serve(tmp_path, "--server", "uvicorn") as server:
        async with watching(browser, server.url) as visitor:
            await visitor.says("seen", re.compile("1 face"))
            assert visitor.troubles == []
