"""The page in a real browser, with a webcam that shows a real face, on a real server."""

from __future__ import annotations

import http.server
import re
import socket
import threading
from functools import partial
from pathlib import Path
from urllib.parse import urlparse

import cv2
import numpy as np
import pytest
from playwright.async_api import Browser, expect

from streamer.overlay import FACE
from tests.browser.chromium import FAKE_CAMERA, chromium
from tests.browser.tab import DESKTOP, ON_A_PHONE, PHONE, SMALL_CONTROLS, WAIT, eventually
from tests.browser.webcam_page import visit, watching
from tests.server import ROOT, RunningServer, serve

pytestmark = pytest.mark.asyncio(loop_scope="session")

CAMERA_IS_ON = "() => Boolean(document.getElementById('video').srcObject?.active)"

CHART_INK = """
() => [...document.querySelectorAll(".chart canvas")].map((canvas) => {
  const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
  let hash = 0;
  for (let at = 3; at < data.length; at += 4) hash = (hash * 31 + data[at]) % 1000003;
  return hash;
})
"""


def bracket_pixels(png: bytes) -> int:
    """Return how many pixels of a screenshot have the colour of the brackets around faces."""
    shown = cv2.imdecode(np.frombuffer(png, np.uint8), cv2.IMREAD_COLOR)
    assert shown is not None
    distance = np.linalg.norm(shown - np.array(FACE, np.float64), axis=2)
    return int((distance < 60).sum())


async def test_moving_pictures_come_back_with_the_face_boxed(
    browser: Browser, server: RunningServer
) -> None:
    async with watching(browser, server.url) as visitor:
        await visitor.says("seen", re.compile("1 face"))
        shown = await visitor.page.locator("#result").screenshot()
        assert bracket_pixels(shown) > 100
        await visitor.changes("() => document.getElementById('result').src")
        assert visitor.troubles == []


async def test_all_of_it_fits_the_window(browser: Browser, server: RunningServer) -> None:
    async with watching(browser, server.url) as visitor:
        height = await visitor.evaluate("() => document.documentElement.scrollHeight")
        assert height <= DESKTOP["height"]


async def test_without_javascript_there_is_nothing_to_press(
    browser: Browser, server: RunningServer
) -> None:
    async with visit(browser, server.url, java_script_enabled=False) as visitor:
        await expect(visitor.page.locator("noscript .banner")).to_be_visible()
        await expect(visitor.page.locator("main :is(button, input, select):visible")).to_have_count(
            0
        )


async def test_figures_and_charts_are_live(browser: Browser, server: RunningServer) -> None:
    async with watching(browser, server.url) as visitor:
        for figure in ("fps-up", "fps-down", "age", "kb-up", "kb-down"):
            await visitor.says(figure, re.compile(r"[1-9]"))
        await visitor.says("dropped", re.compile(r"\d"))
        await visitor.changes(CHART_INK)


async def test_stop_switches_the_camera_off_and_start_works_again(
    browser: Browser, server: RunningServer
) -> None:
    async with visit(browser, server.url) as visitor:
        assert not await visitor.evaluate(CAMERA_IS_ON)
        for run in (1, 2):
            await visitor.start()
            await visitor.live()
            assert await visitor.evaluate(CAMERA_IS_ON)
            await visitor.stop()
            await visitor.becomes(CAMERA_IS_ON, False)
            await eventually(visitor.all_closed)
            assert len(visitor.sockets) == run
        assert visitor.troubles == []


async def test_the_socket_opens_only_when_the_camera_is_granted(
    browser: Browser, server: RunningServer
) -> None:
    async with visit(browser, server.url, camera=False) as visitor:
        await visitor.start()
        await visitor.says("notice", re.compile("blocked|not allowed"))
        assert visitor.sockets == []


@pytest.mark.parametrize("reply", ["base64", "binary", "results"])
async def test_each_reply_form_shows_the_face(
    browser: Browser, server: RunningServer, reply: str
) -> None:
    async with watching(browser, server.url) as visitor:
        await visitor.page.locator(f"input[value={reply}]").check()
        await visitor.says("seen", "1 face")
        if reply == "results":
            await visitor.changes("() => document.getElementById('overlay').toDataURL()")
            await expect(visitor.page.locator("#result")).to_be_hidden()
        else:
            scheme = {"base64": "data:image/jpeg", "binary": "blob:"}[reply]
            source = f"() => document.getElementById('result').src.startsWith('{scheme}')"
            await visitor.becomes(source, True)
            await visitor.changes("() => document.getElementById('result').src")
        assert visitor.troubles == []


async def test_detectors_are_switched_while_it_runs(
    browser: Browser, server: RunningServer
) -> None:
    async with watching(browser, server.url) as visitor:
        await visitor.says("seen", "1 face")
        for name in ("Emotion", "Landmarks", "Faces"):
            await visitor.page.get_by_label(name).uncheck()
        await expect(visitor.page.locator("#seen")).not_to_contain_text("face", timeout=WAIT)
        await visitor.page.get_by_label("Emotion").check()
        await visitor.says("seen", re.compile("1 face, happy"))
        await expect(visitor.page.get_by_label("Faces")).to_be_checked()  # emotion requires it


async def test_a_smaller_width_comes_back_smaller_and_unstretched(
    browser: Browser, server: RunningServer
) -> None:
    async with watching(browser, server.url) as visitor:
        await visitor.page.locator("#width").select_option("320")
        size = (
            "(({ naturalWidth: w, naturalHeight: h }) => [w, h])(document.getElementById('result'))"
        )
        await visitor.becomes(size, [320, 240])


async def test_settings_are_kept_for_the_next_visit(
    browser: Browser, server: RunningServer
) -> None:
    async with watching(browser, server.url) as visitor:
        await visitor.page.get_by_label("Motion", exact=True).uncheck()
        await visitor.page.locator("input[value=binary]").check()
        await visitor.page.reload()
        await visitor.start()
        await visitor.live()
        await expect(visitor.page.locator("input[value=binary]")).to_be_checked()
        await expect(visitor.page.get_by_label("Motion", exact=True)).not_to_be_checked()


async def test_no_request_leaves_for_another_host(browser: Browser, server: RunningServer) -> None:
    async with watching(browser, server.url) as visitor:
        urls = [*visitor.requests, *(socket.url for socket in visitor.sockets)]
        hosts = {urlparse(url).netloc for url in urls}
        assert hosts == {urlparse(server.url).netloc}


async def test_a_server_that_is_gone_is_told_and_found_again_with_the_same_settings(
    browser: Browser, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    with serve(tmp_path, "--port", port) as server:
        async with visit(browser, server.url) as visitor:
            await visitor.start()
            await visitor.live()
            await visitor.page.get_by_label("Emotion").uncheck()
            server.process.kill()
            server.process.wait()
            await visitor.says("status", "Trying again in")
            with serve(tmp_path, "--port", port):
                await visitor.live()
                await visitor.says("seen", re.compile("^1 face(, motion)?$"))
                await expect(visitor.page.get_by_label("Emotion")).not_to_be_checked()


async def test_a_full_server_is_told_and_let_in_later(browser: Browser, tmp_path: Path) -> None:
    with serve(tmp_path, STREAMER_MAX_SESSIONS="1") as server:
        async with visit(browser, server.url) as second:
            async with visit(browser, server.url) as first:
                await first.start()
                await first.live()
                await second.start()
                await second.says("notice", "full")
            await second.live()


async def test_no_camera_is_told_with_the_remedy(server: RunningServer) -> None:
    async with chromium() as without, visit(without, server.url) as visitor:
        await visitor.start()
        await visitor.says("notice", "No camera was found")
        await visitor.says("notice", "Plug one in")


async def test_a_page_without_https_says_that_it_gets_no_camera(tmp_path: Path) -> None:
    host = socket.gethostname()
    with serve(tmp_path, "--ip", "0.0.0.0") as server:
        url = f"http://{host}:{urlparse(server.url).port}/"
        rule = f"--host-resolver-rules=MAP {host} 127.0.0.1"
        async with chromium(*FAKE_CAMERA, rule) as insecure, visit(insecure, url) as visitor:
            await visitor.start()
            await visitor.says("notice", "HTTPS or localhost")


async def test_a_hidden_tab_lets_go_and_goes_on_when_it_is_seen(
    browser: Browser, server: RunningServer
) -> None:
    async with watching(browser, server.url) as visitor:
        await visitor.hide(True)
        await visitor.says("status", "Paused")
        await visitor.hide(False)
        await visitor.live()
        assert len(visitor.sockets) == 2
        assert visitor.troubles == []


async def test_it_works_by_keyboard_alone(browser: Browser, server: RunningServer) -> None:
    async with visit(browser, server.url) as visitor:
        for _ in range(10):
            await visitor.page.keyboard.press("Tab")
            if await visitor.evaluate("() => document.activeElement.id") == "toggle":
                break
        await visitor.page.keyboard.press("Enter")
        await visitor.live()
        await visitor.page.keyboard.press("Enter")
        await visitor.becomes(CAMERA_IS_ON, False)


async def test_every_control_has_a_name(browser: Browser, server: RunningServer) -> None:
    async with watching(browser, server.url) as visitor:
        for control in await visitor.page.locator(":is(button, input, select):visible").all():
            await expect(control).to_have_accessible_name(re.compile(r"\w"))


async def test_the_self_view_is_mirrored_and_the_picture_is_not(
    browser: Browser, server: RunningServer
) -> None:
    mirrored = "(id) => getComputedStyle(document.getElementById(id)).scale"
    async with watching(browser, server.url) as visitor:
        assert await visitor.page.evaluate(mirrored, "video") == "-1 1"
        assert await visitor.page.evaluate(mirrored, "result") == "none"


async def test_the_picture_can_be_saved(browser: Browser, server: RunningServer) -> None:
    async with watching(browser, server.url) as visitor:
        async with visitor.page.expect_download() as download:
            await visitor.page.get_by_role("button", name="Save picture").click()
        saved = await (await download.value).path()
        assert saved.read_bytes().startswith((b"\xff\xd8\xff", b"\x89PNG"))


async def test_a_phone_shows_it_all_in_one_column(browser: Browser, server: RunningServer) -> None:
    async with visit(browser, server.url, **ON_A_PHONE) as visitor:
        await visitor.page.get_by_role("button", name="Start", exact=True).tap()
        await visitor.live()
        assert (
            await visitor.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]
        )
        assert await visitor.evaluate("() => document.getElementById('video').playsInline")
        assert await visitor.evaluate(SMALL_CONTROLS) == []


async def test_a_turned_phone_goes_on(browser: Browser, server: RunningServer) -> None:
    async with watching(browser, server.url, viewport=PHONE) as visitor:
        await visitor.page.set_viewport_size({"width": PHONE["height"], "height": PHONE["width"]})
        await visitor.changes("() => document.getElementById('result').src")
        await visitor.says("status", "Live")


async def test_the_client_in_the_readme_works(
    browser: Browser, server: RunningServer, tmp_path: Path
) -> None:
    (client,) = re.findall(r"```html\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (tmp_path / "index.html").write_text(client.replace("ws://127.0.0.1:8000/", server.socket))
    handler = partial(QuietHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as pages:
        threading.Thread(target=pages.serve_forever, daemon=True).start()
        try:
            async with visit(browser, f"http://127.0.0.1:{pages.server_port}/") as visitor:
                source = "() => document.querySelector('img').src"
                await visitor.becomes(f"() => ({source})().startsWith('data:image/jpeg')", True)
                await visitor.changes(source)
        finally:
            pages.shutdown()


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    """Serves files and says nothing of it."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, its name there
        pass
