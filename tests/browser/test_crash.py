"""A server process that crashes while pages are open: they come back by themselves."""

from __future__ import annotations

import signal
import time
from pathlib import Path

import psutil
import pytest
from playwright.async_api import Browser, expect

from tests.browser.wall_page import WallPage
from tests.browser.webcam_page import watching
from tests.test_crash import worker
from tests.test_deploy import database, page, started

__all__ = ["database"]  # a fixture

pytestmark = pytest.mark.asyncio(loop_scope="session")

BACK_SECONDS = 20.0
"""From the crash to pictures on both pages. Tried: 5.9 s beside eleven busy processes."""

WIDTH = "document.getElementById('result').naturalWidth"


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="signals as a Unix has them")
async def test_pages_come_back_by_themselves_with_their_settings(
    browser: Browser, database: str, tmp_path: Path
) -> None:
    with started("gunicorn", database, tmp_path / "log") as server:
        page(server.url)
        async with (
            watching(browser, server.url) as visitor,
            WallPage.visit(browser, f"{server.url}streams/") as wall,
        ):
            await visitor.page.get_by_label("Emotion").uncheck()
            await visitor.page.get_by_label("Width").select_option("320")
            await visitor.becomes(f"{WIDTH} === 320", True)
            await wall.live("demo")
            begun = time.monotonic()
            psutil.Process(worker(server)).send_signal(signal.SIGSEGV)
            await visitor.says("status", "Trying again")
            await visitor.live()
            await visitor.changes("() => document.getElementById('result').src")
            await wall.live("demo")
            assert time.monotonic() - begun < BACK_SECONDS
            await expect(visitor.page.get_by_label("Emotion")).not_to_be_checked()
            await visitor.becomes(f"{WIDTH} === 320", True)
            assert len(visitor.sockets) > 1
            assert len(wall.sockets) > 1
