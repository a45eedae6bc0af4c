"""A real Chromium whose webcam shows moving pictures of a real face."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from playwright.async_api import Browser, async_playwright

from streamer.codec import encode
from tests import footage

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
QUIET = (
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
FAKE_CAMERA = ("--use-fake-device-for-media-stream",)


def executable() -> str:
    """Return where Chromium is. Without it the test skips, or fails if a browser is required."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    how = "Tests in a browser need Chromium. On Debian: sudo apt-get install chromium"
    if os.environ.get("REQUIRE_BROWSER") == "1":
        pytest.fail(how)
    pytest.skip(how)


def write_clip(file: Path) -> Path:
    """Write a clip of two seconds, a camera that swings before a face, as Chromium takes it."""
    file.write_bytes(b"".join(encode(shot.bgr, 90) for shot in footage.pan(60)))
    return file


@asynccontextmanager
async def chromium(*arguments: str) -> AsyncIterator[Browser]:
    """Run Chromium with these arguments besides those that keep it quiet."""
    path = executable()
    as_root = hasattr(os, "geteuid") and os.geteuid() == 0
    sandbox = ("--no-sandbox",) if as_root else ()
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=path, args=[*QUIET, *sandbox, *arguments]
        )
        try:
            yield browser
        finally:
            await browser.close()
