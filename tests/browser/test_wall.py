"""The wall of cameras in a real browser, with simulated cameras at a real server."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlparse

import pytest
from playwright.async_api import Browser, expect

from tests.browser.tab import DESKTOP, ON_A_PHONE, PHONE, SMALL_CONTROLS, WAIT, eventually
from tests.browser.wall_page import WallPage
from tests.server import RunningServer, serve

pytestmark = pytest.mark.asyncio(loop_scope="session")

LONG = "garage_door_left_side_camera_two"
NAMES = ["porch", "garden", "door", "drive", "kitchen", "attic", LONG, "gate"]


CUT = """() => [...document.querySelectorAll("#viewer-name, .tile .name")]
  .filter((name) => name.checkVisibility() && name.scrollHeight > name.clientHeight + 1)
  .map((name) => name.textContent)"""

AROUND = """() => {
  const { left, right } = document.getElementById("tiles").getBoundingClientRect();
  return [left, document.documentElement.clientWidth - right];
}"""


@pytest.fixture(scope="module")
def wall(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Return the wall of a server with eight cameras, which everybody here may watch."""
    cameras = [argument for name in NAMES for argument in ("--camera", f"{name}=pattern:")]
    with serve(tmp_path_factory.mktemp("wall"), *cameras, DJANGO_DEBUG="1") as server:
        yield f"{server.url}streams/"
        assert server.process.poll() is None, "the server went down"
        assert "Traceback" not in server.log


async def test_eight_cameras_move_over_one_socket(browser: Browser, wall: str) -> None:
    async with WallPage.visit(browser, wall) as visitor:
        for name in NAMES:
            tile = visitor.tile(name)
            await visitor.live(name)
            await expect(tile.locator(".viewers")).to_have_text("1 watching")
            await expect(tile.locator(".fps")).to_have_text(re.compile(r"^\d+(\.\d)? fps$"))
            await expect(tile.locator(".age")).to_have_text(re.compile(r"^\d+ ms$"))
            await expect(tile.locator(".seen")).to_have_text("motion", timeout=WAIT)
        await expect(visitor.page.locator("#summary")).to_have_text("8 cameras")
        assert len(visitor.sockets) == 1
        assert {watched["width"] for watched in visitor.watched.values()} == {320}
        for name in NAMES:
            assert len(set(visitor.pictures[name])) == len(visitor.pictures[name])
        assert visitor.troubles == []


async def test_what_is_out_of_sight_is_not_sent(browser: Browser, wall: str) -> None:
    low = {"width": 610, "height": 300}  # one column
    async with WallPage.visit(browser, wall, viewport=low) as visitor:
        await visitor.live("porch")
        await visitor.watches("porch")
        assert set(visitor.pictures) == {"porch"}
        await visitor.tile("gate").scroll_into_view_if_needed()
        await visitor.live("gate")
        await eventually(lambda: visitor.has_left("porch"))
        left = len(visitor.pictures["porch"])
        await visitor.moves(visitor.tile("gate"))
        assert len(visitor.pictures["porch"]) == left
        await visitor.tile("porch").scroll_into_view_if_needed()
        await visitor.live("porch")
        await eventually(lambda: visitor.has_left("gate"))
        assert visitor.troubles == []


async def test_a_hidden_page_watches_nothing(browser: Browser, wall: str) -> None:
    async with WallPage.visit(browser, wall) as visitor:
        await visitor.live("porch")
        await visitor.hide(True)
        await eventually(visitor.all_closed)
        assert visitor.watched == {}
        await visitor.hide(False)
        await visitor.live("porch")
        assert visitor.troubles == []


async def test_a_click_makes_one_large_and_the_address_keeps_it(
    browser: Browser, wall: str
) -> None:
    async with WallPage.visit(browser, wall) as visitor:
        await visitor.live("door")
        await visitor.open("door")
        assert urlparse(visitor.page.url).path == "/streams/door/"
        await visitor.moves(visitor.viewer)
        await expect(visitor.tile("door")).to_be_hidden()
        await visitor.live("porch")
        assert visitor.watched["door"]["width"] is None
        assert visitor.watched["door"]["fps"] is None
        assert visitor.watched["porch"]["width"] == 320
        await visitor.says("shown", re.compile(r"^[1-9]"))
        await visitor.says("age", re.compile(r"^\d"))
        await visitor.page.reload()
        await visitor.moves(visitor.viewer)
        await expect(visitor.page).to_have_title("door · Cameras · VideoStream")
        await visitor.open("gate")
        assert urlparse(visitor.page.url).path == "/streams/gate/"
        await visitor.page.get_by_role("link", name="All cameras").click()
        await visitor.live("gate")
        assert urlparse(visitor.page.url).path == "/streams/"
        assert visitor.troubles == []


async def test_it_works_by_keyboard_alone(browser: Browser, wall: str) -> None:
    async with WallPage.visit(browser, wall) as visitor:
        await visitor.live("garden")
        for _ in range(12):
            await visitor.page.keyboard.press("Tab")
            if await visitor.evaluate("() => document.activeElement.textContent") == "garden":
                break
        await visitor.page.keyboard.press("Enter")
        await visitor.moves(visitor.viewer)
        await expect(visitor.page.locator("#viewer-name")).to_be_focused()
        await visitor.page.keyboard.press("Escape")
        await expect(visitor.viewer).to_be_hidden()
        await expect(visitor.tile("garden").get_by_role("link")).to_be_focused()
        await visitor.page.go_forward()
        await expect(visitor.viewer).to_be_visible()
        await visitor.page.go_back()
        await expect(visitor.viewer).to_be_hidden()
        assert visitor.troubles == []


async def test_the_large_picture_can_be_saved_and_fills_the_screen(
    browser: Browser, wall: str
) -> None:
    async with WallPage.visit(browser, f"{wall}attic/") as visitor:
        await visitor.moves(visitor.viewer)
        async with visitor.page.expect_download() as download:
            await visitor.page.get_by_role("button", name="Save picture").click()
        assert (await download.value).suggested_filename.startswith("attic-2")
        saved = await (await download.value).path()
        assert saved.read_bytes().startswith(b"\xff\xd8\xff")
        await visitor.page.get_by_role("button", name="Full screen", exact=True).click()
        leave = visitor.page.get_by_role("button", name="Leave full screen")
        await expect(leave).to_be_visible()
        await visitor.moves(visitor.viewer)
        await leave.click()
        await expect(leave).to_be_hidden()
        assert visitor.troubles == []


@pytest.mark.parametrize("width", [PHONE["width"], 360])
@pytest.mark.parametrize("path", ["", "porch/", f"{LONG}/"])
async def test_a_phone_shows_it_without_sideways_scrolling(
    browser: Browser, wall: str, path: str, width: int
) -> None:
    on_a_phone = ON_A_PHONE | {"viewport": PHONE | {"width": width}}
    async with WallPage.visit(browser, wall + path, **on_a_phone) as visitor:
        await visitor.live("garden")
        assert await visitor.evaluate("() => document.documentElement.scrollWidth") <= width
        assert await visitor.evaluate(CUT) == []
        assert await visitor.evaluate(SMALL_CONTROLS) == []
        for control in await visitor.page.locator(":is(a, button, input):visible").all():
            await expect(control).to_have_accessible_name(re.compile(r"\w"))
        assert visitor.troubles == []


async def test_a_phone_shows_many_two_by_two(browser: Browser, wall: str) -> None:
    async with WallPage.visit(browser, wall, **ON_A_PHONE) as visitor:
        await visitor.live("porch")
        porch, garden = [await visitor.tile(name).bounding_box() for name in NAMES[:2]]
        assert porch
        assert garden
        assert (porch["y"], porch["width"]) == (garden["y"], garden["width"])
        assert porch["x"] + porch["width"] < garden["x"]


@pytest.mark.parametrize("count", [1, 4])
async def test_one_and_four_fill_the_window_and_do_not_scroll(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory, count: int
) -> None:
    cameras = [argument for name in NAMES[:count] for argument in ("--camera", f"{name}=pattern:")]
    with serve(tmp_path_factory.mktemp("few"), *cameras, DJANGO_DEBUG="1") as server:
        async with WallPage.visit(browser, f"{server.url}streams/") as visitor:
            await visitor.live(NAMES[count - 1])
            await visitor.says("summary", f"{count} camera")
            height = await visitor.evaluate("() => document.documentElement.scrollHeight")
            assert height <= DESKTOP["height"]
            left, right = await visitor.evaluate(AROUND)
            assert left == pytest.approx(right, abs=1)


async def test_without_javascript_one_camera_is_shown_all_the_same(
    browser: Browser, wall: str
) -> None:
    async with WallPage.visit(browser, f"{wall}porch/", java_script_enabled=False) as visitor:
        picture = visitor.page.get_by_alt_text("Camera porch, live")
        await expect(picture).to_be_visible()
        await expect(picture).to_have_js_property("naturalWidth", 640, timeout=WAIT)


async def test_without_cameras_it_says_how_to_add_one(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with serve(tmp_path_factory.mktemp("none"), DJANGO_DEBUG="1") as server:
        async with WallPage.visit(browser, f"{server.url}streams/") as visitor:
            empty = visitor.page.get_by_text("No cameras yet")
            await expect(empty).to_be_visible()
            await expect(visitor.page.get_by_text("--camera demo=pattern:")).to_be_visible()
            assert visitor.troubles == []


async def test_a_camera_that_dies_and_a_server_that_dies_are_told_and_come_back(
    browser: Browser, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The camera that dies is another server's."""
    far, near = (tmp_path_factory.mktemp(name) for name in ("far", "near"))
    with serve(far, "--camera", "yard=pattern:", DJANGO_DEBUG="1") as first:
        port = str(first.port)
        cameras = ["--camera", f"yard={first.url}streams/yard/mjpeg", "--camera", "demo=pattern:"]
        with serve(near, *cameras, DJANGO_DEBUG="1") as server:
            url, own_port = server.url, str(server.port)
            async with WallPage.visit(browser, f"{url}streams/") as visitor:
                await _camera_dies(visitor, first)
                with serve(far, "--port", port, "--camera", "yard=pattern:", DJANGO_DEBUG="1"):
                    await visitor.live("yard")
                    assert len(visitor.sockets) == 1
                    await _server_dies(visitor, server)
                    with serve(near, "--port", own_port, *cameras, DJANGO_DEBUG="1"):
                        await visitor.live("demo")
                        await visitor.live("yard")
                        await expect(visitor.page.locator("#alert")).to_be_hidden(timeout=WAIT)


async def _camera_dies(visitor: WallPage, camera: RunningServer) -> None:
    await visitor.live("yard")
    camera.process.kill()
    camera.process.wait()
    yard = visitor.tile("yard")
    await expect(yard).to_have_class(re.compile("veiled"), timeout=WAIT)
    await visitor.shows(yard, "Trying again")
    await visitor.shows(yard, "last picture")
    await visitor.live("demo")
    await visitor.says("heard", re.compile("yard: (no picture|frozen)"))
    await visitor.says("summary", "1 without a picture")
    assert visitor.troubles == []


async def _server_dies(visitor: WallPage, server: RunningServer) -> None:
    server.process.kill()
    server.process.wait()
    await expect(visitor.page.get_by_role("alert")).to_contain_text("The server", timeout=WAIT)
    await visitor.shows(visitor.tile("demo"), "Waiting for the server")
