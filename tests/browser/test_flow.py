"""What the page does where pictures come late, in a real browser with a real server."""

from __future__ import annotations

import re
import signal
from pathlib import Path

import pytest
from playwright.async_api import Browser

from tests.browser.slow_link import slow_link
from tests.browser.webcam_page import WebcamPage, visit, watching
from tests.server import RunningServer, serve

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIGURE = "() => Number(document.getElementById('{}').textContent) {}"
REDUCED = "() => document.getElementById('reduced').textContent"
SHOWN_WIDTH = "document.getElementById('result').naturalWidth"

needs_stop_signal = pytest.mark.skipif(
    not hasattr(signal, "SIGSTOP"), reason="stops a process as only a Unix can"
)


async def figure(visitor: WebcamPage, identity: str) -> float:
    return float(await visitor.evaluate(f"Number(document.getElementById('{identity}').innerText)"))


async def spare(visitor: WebcamPage) -> None:
    """Ask little of the server, and wait until all is sent: a busy machine is slow at first."""
    for name in ("Emotion", "Landmarks", "Faces"):
        await visitor.page.get_by_label(name).uncheck()
    await visitor.becomes(REDUCED, "")
    await visitor.becomes(FIGURE.format("fps-down", ">= 10"), True)


@needs_stop_signal
async def test_a_server_that_stops_for_a_while_is_told_and_forgotten(
    browser: Browser, tmp_path: Path
) -> None:
    with serve(tmp_path) as server:
        async with watching(browser, server.url) as visitor:
            await spare(visitor)
            rate = await figure(visitor, "fps-down")
            dropped = await figure(visitor, "dropped")
            server.process.send_signal(signal.SIGSTOP)
            try:
                await visitor.says("status", "does not answer")
                # What waits is then too old to be shown.
                await visitor.becomes(FIGURE.format("fps-down", "=== 0"), True)
            finally:
                server.process.send_signal(signal.SIGCONT)
            await visitor.live()
            await visitor.becomes(FIGURE.format("dropped", f"> {dropped}"), True)
            await visitor.becomes(FIGURE.format("fps-down", f">= {0.7 * rate}"), True)
            await visitor.becomes(FIGURE.format("age", "< 150"), True)
            await visitor.becomes(REDUCED, "")
            assert len(visitor.sockets) == 1
            assert visitor.troubles == []


async def test_a_slow_link_is_told_and_adapted_to_until_it_is_fast_again(
    browser: Browser, server: RunningServer
) -> None:
    async with slow_link(server.url) as link, visit(browser, link.url) as visitor:
        await visitor.start()
        await visitor.live()
        await spare(visitor)
        link.rate = 60_000
        await visitor.says("reduced-why", "The connection is slow.")
        await visitor.says("reduced", re.compile(r"^Reduced to .*quality 40.*px\.$"))
        await visitor.becomes(f"{SHOWN_WIDTH} < 640", True)
        # The settings are what the user wants, not what can be had now.
        assert await visitor.evaluate("document.getElementById('quality').value") == "70"
        assert await visitor.evaluate("document.getElementById('width').value") == "640"
        link.rate = 1e9
        await visitor.becomes(f"{SHOWN_WIDTH} === 640", True)
        await visitor.becomes(REDUCED, "")
        assert visitor.troubles == []
