"""Makes the README's screenshot from the running page: python -m tests.browser.screenshot."""

import asyncio
import os
import tempfile
from pathlib import Path

from tests.browser.chromium import FAKE_CAMERA, chromium, write_clip
from tests.browser.webcam_page import visit
from tests.server import ROOT, serve

CHART_SECONDS = 25


async def main() -> None:
    with tempfile.TemporaryDirectory() as folder, serve(Path(folder)) as server:
        clip = write_clip(Path(folder) / "webcam.mjpeg")
        os.chdir(folder)  # the browser shows the path as the camera's name
        camera = f"--use-file-for-fake-video-capture={clip.name}"
        async with chromium(*FAKE_CAMERA, camera) as browser, visit(browser, server.url) as visitor:
            await visitor.start()
            await visitor.live()
            await asyncio.sleep(CHART_SECONDS)  # a chart needs something to show
            await visitor.page.screenshot(path=ROOT / "docs/screenshot.png")


if __name__ == "__main__":
    asyncio.run(main())
