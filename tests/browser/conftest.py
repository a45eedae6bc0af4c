"""Browsers that the tests of this folder share."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.browser.chromium import FAKE_CAMERA, chromium, write_clip


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Browser]:
    """Return a browser whose webcam shows the clip."""
    clip = write_clip(tmp_path_factory.mktemp("clip") / "face.mjpeg")
    async with chromium(*FAKE_CAMERA, f"--use-file-for-fake-video-capture={clip}") as running:
        yield running
