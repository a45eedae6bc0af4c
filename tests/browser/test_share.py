"""Who may watch, and what they are shown, in a real browser: log-in, links, a shared webcam."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from playwright.async_api import Browser, expect

from tests.browser.slow_link import slow_link
from tests.browser.tab import ON_A_PHONE, PHONE, SMALL_CONTROLS, WAIT, Tab
from tests.browser.wall_page import WallPage
from tests.browser.webcam_page import visit, watching
from tests.server import RunningServer, serve
from tests.visits import NAME, PASSWORD, key, make_log_in

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINK_SECONDS = 8
ROSTER_SECONDS = 3


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server with two cameras and a user, who alone may watch all."""
    cameras = ["--camera", "porch=pattern:", "--camera", "garden=pattern:"]
    with serve(tmp_path_factory.mktemp("guarded"), *cameras) as server:
        make_log_in(server)
        yield server
        assert server.process.poll() is None, "the server went down"
        assert "Traceback" not in server.log


async def log_in(visitor: Tab) -> None:
    await visitor.page.get_by_label("Name").fill(NAME)
    await visitor.page.get_by_label("Password").fill(PASSWORD)
    await visitor.page.get_by_role("button", name="Log in").click()


async def test_a_stranger_logs_in_watches_and_logs_out(
    browser: Browser, guarded: RunningServer
) -> None:
    async with WallPage.visit(browser, guarded.url) as visitor:
        await visitor.page.get_by_role("link", name="Cameras").click()
        await log_in(visitor)
        await visitor.live("porch")
        await visitor.live("garden")
        await expect(visitor.page.get_by_role("button", name="Log out")).to_be_visible()
        assert visitor.troubles == []
        other = WallPage(await visitor.page.context.new_page())
        await other.page.goto(guarded.url)
        await other.page.get_by_role("button", name="Log out").click()
        await expect(other.page.get_by_role("link", name="Log in")).to_be_visible()
        # What is still open in the first tab is told that it has ended, and the way back.
        alert = visitor.page.get_by_role("alert")
        await expect(alert).to_contain_text("not logged in any more", timeout=WAIT)
        await alert.get_by_role("link", name="Log in").click()
        await log_in(visitor)
        await visitor.live("porch")


async def test_a_link_shows_one_camera_to_whoever_has_it(
    browser: Browser, guarded: RunningServer
) -> None:
    async with WallPage.visit(browser, f"{guarded.url}streams/porch/") as owner:
        await log_in(owner)
        await owner.moves(owner.viewer)
        await owner.page.get_by_role("button", name="Share").click()
        await owner.page.get_by_label("8 hours").check()
        await owner.page.get_by_role("button", name="Make a link").click()
        await owner.says("until", re.compile(r"^Holds until .*\d\d:\d\d\.$"))
        link = await owner.page.get_by_label("Link").input_value()
        await owner.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
        await owner.page.get_by_role("button", name="Copy").click()
        await expect(owner.page.get_by_role("button", name="Copied")).to_be_visible()
        assert await owner.evaluate("() => navigator.clipboard.readText()") == link
        await owner.page.keyboard.press("Escape")
        await expect(owner.viewer).to_be_visible()
        assert owner.troubles == []
        async with WallPage.visit(browser, link) as guest:
            await guest.moves(guest.viewer)
            await guest.says("viewers", "2")
            await expect(guest.page.get_by_role("button", name="Share")).to_have_count(0)
            await expect(
                guest.page.get_by_role("link", name=re.compile("[Cc]ameras"))
            ).to_have_count(0)
            await expect(guest.page.locator(".tile:visible")).to_have_count(0)
            await guest.page.reload()
            await guest.moves(guest.viewer)
            assert guest.troubles == []


async def test_a_link_that_expires_is_told_so_and_nothing_is_waited_for(
    browser: Browser, guarded: RunningServer
) -> None:
    query = urlencode(key("porch", LINK_SECONDS / 3600))
    async with WallPage.visit(browser, f"{guarded.url}streams/porch/?{query}") as guest:
        await guest.moves(guest.viewer)
        alert = guest.page.get_by_role("alert")
        for place in (alert, guest.viewer):
            await expect(place).to_contain_text("This link has expired. Ask", timeout=WAIT)
        await asyncio.sleep(ROSTER_SECONDS)  # the list is asked for once more
        await expect(guest.viewer).not_to_contain_text("Waiting")
        await expect(alert).not_to_contain_text("logged in")
        await expect(alert.get_by_role("link")).to_be_hidden()


async def test_a_webcam_is_shared_watched_and_unshared(
    browser: Browser, server: RunningServer
) -> None:
    async with visit(browser, server.url) as sharer:
        share = sharer.page.get_by_role("button", name="Share", exact=True)
        await expect(share).to_be_disabled()
        await sharer.start()
        await sharer.live()
        link = await sharer.share()
        await sharer.says("sharing-status", "nobody watches yet")
        await expect(sharer.page.locator("#badge")).to_have_text("Shared")
        await sharer.says("until", re.compile("^Holds until"))
        async with WallPage.visit(browser, link) as guest:
            await guest.moves(guest.viewer)
            await guest.says("seen", re.compile("1 face"))
            await sharer.says("sharing-status", "You are shared: 1 viewer")
            await sharer.says("badge", "Shared: 1 viewer")
            await expect(sharer.page).to_have_title(re.compile("^Shared: 1 viewer"))
            await sharer.hide(True)
            await guest.moves(guest.viewer)
            await sharer.hide(False)
            await sharer.page.get_by_role("button", name="Unshare").click()
            await expect(sharer.page.locator("#sharing")).to_be_hidden()
            await guest.shows(guest.viewer, "Ended")
            await sharer.says("status", "Live")
            await expect(share).to_be_enabled()
            assert guest.troubles == []
        assert sharer.troubles == []
        assert len(sharer.sockets) == 1


async def test_a_shared_webcam_comes_to_the_wall_and_goes(
    browser: Browser, guarded: RunningServer
) -> None:
    async with WallPage.visit(browser, f"{guarded.url}streams/") as visitor:
        await log_in(visitor)
        await visitor.says("summary", "2 cameras")
        async with watching(browser, guarded.url) as sharer:
            await sharer.share()
            await visitor.says("summary", "3 cameras")
            await visitor.moves(visitor.page.locator(".tile[data-name^=webcam-]"))
            await sharer.page.get_by_role("button", name="Unshare").click()
            await visitor.says("summary", "2 cameras")
        assert visitor.troubles == []


async def test_a_lost_connection_keeps_the_link(browser: Browser, server: RunningServer) -> None:
    async with slow_link(server.url) as way, watching(browser, way.url) as sharer:
        link = await sharer.share()
        async with WallPage.visit(browser, link) as guest:
            await guest.moves(guest.viewer)
            await way.cut()
            await sharer.live()
            await sharer.says("sharing-status", re.compile("^You are shared"))
            assert await sharer.page.get_by_label("Link").input_value() == link
            assert len(sharer.sockets) == 2
            await guest.moves(guest.viewer)


async def test_stop_ends_the_sharing(browser: Browser, server: RunningServer) -> None:
    async with watching(browser, server.url) as sharer:
        link = await sharer.share()
        async with WallPage.visit(browser, link) as guest:
            await guest.moves(guest.viewer)
            await sharer.stop()
            await guest.shows(guest.viewer, "Ended")
            await expect(sharer.page.locator("#sharing")).to_be_hidden()


async def test_a_phone_shares_without_sideways_scrolling(
    browser: Browser, server: RunningServer
) -> None:
    async with watching(browser, server.url, **ON_A_PHONE) as sharer:
        await sharer.share()
        width = await sharer.evaluate("() => document.documentElement.scrollWidth")
        assert width <= PHONE["width"]
        assert await sharer.evaluate(SMALL_CONTROLS) == []
