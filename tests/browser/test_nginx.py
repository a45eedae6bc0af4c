"""The page in a real browser, through nginx with TLS, by another name than localhost."""

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests import nginx
from tests.browser.chromium import FAKE_CAMERA, chromium, write_clip
from tests.browser.webcam_page import watching
from tests.nginx import free_ports, in_front_of
from tests.server import serve

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def far_browser(tmp_path: Path) -> AsyncIterator[Browser]:
    """Return a browser that finds the site's name at this machine, and trusts what it meets."""
    clip = write_clip(tmp_path / "face.mjpeg")
    async with chromium(
        *FAKE_CAMERA,
        f"--use-file-for-fake-video-capture={clip}",
        f"--host-resolver-rules=MAP {nginx.NAME} 127.0.0.1",
        "--ignore-certificate-errors",
    ) as running:
        yield running


async def test_the_webcam_page_works_and_comes_back_when_the_server_does(
    far_browser: Browser, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    arguments = ("--port", str(port))
    async with AsyncExitStack() as held:
        front = held.enter_context(in_front_of(port, tmp_path))
        with serve(tmp_path, *arguments, **nginx.ENVIRON):
            visitor = await held.enter_async_context(watching(far_browser, front.url))
            await visitor.says("seen", re.compile("1 face"))
            assert visitor.sockets[0].url.startswith(front.socket)
            assert visitor.troubles == []
        before = len(visitor.sockets)
        with serve(tmp_path, *arguments, **nginx.ENVIRON):
            await visitor.changes("() => document.getElementById('result').src")
            await visitor.live()
            assert len(visitor.sockets) > before
