"""A camera runs while somebody watches: a simulated one, a real clip, and a fake that fails."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import time
from itertools import pairwise
from pathlib import Path

import psutil
import pytest

from streamer import relay as relay_module
from streamer.codec import JpegFrame
from streamer.detectors.motion import MotionDetector
from streamer.feed import Feed
from streamer.pipeline import DetectorSpec
from streamer.pool import Pool
from streamer.sources.file import FileSource
from streamer.sources.pattern import PatternSource
from streamer.stream import Status, Stream
from streamer.types import State
from tests import clips
from tests.cameras import (
    BROKEN_OFF,
    SECONDS,
    Device,
    camera_threads,
    picture,
    relay_of,
    until,
)
from tests.relays import fake, is_closed, is_over, news, relaying, shown, told, turns
from tests.test_servers import linux_only


class Counted(PatternSource):
    """The simulated camera; it tells when it is opened and closed."""

    happened: list[str]

    def open(self) -> None:
        super().open()
        self.happened.append("opened")

    def close(self) -> None:
        super().close()
        self.happened.append("closed")


@pytest.fixture
def happened() -> list[str]:
    """Return what has happened to a `Counted`."""
    Counted.happened = []
    return Counted.happened


@pytest.fixture
def told_to_stop(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return what is set when a camera's thread is told to end."""
    told, stop = threading.Event(), Feed.stop

    def stopped(feed: Feed) -> None:
        stop(feed)
        told.set()

    monkeypatch.setattr(Feed, "stop", stopped)
    return told


async def test_it_opens_with_the_first_viewer_and_closes_a_while_after_the_last(
    pool: Pool, happened: list[str]
) -> None:
    async with relaying(Counted, pool, linger=0.2) as relay:
        assert is_closed(relay)
        assert not camera_threads()
        with relay.stream.watch() as one:
            assert await news(one) == Status(State.OPENING, "", 1), "never closed to who watches"
            with relay.stream.watch() as other:
                for viewer in (one, other):
                    assert JpegFrame((await shown(viewer)).jpeg).width == 640
            await shown(one)
        left = time.monotonic()
        assert happened == ["opened"]
        await until(lambda: is_closed(relay))
        assert time.monotonic() - left >= 0.2
        assert happened == ["opened", "closed"]
        assert not camera_threads()


async def test_a_clip_is_watched_like_any_camera(pool: Pool, tmp_path: Path) -> None:
    clip = clips.write(tmp_path / "clip.mp4", 5)
    spec = DetectorSpec(MotionDetector)
    async with relaying(lambda: FileSource(f"file:{clip}"), pool, spec) as relay:
        with relay.stream.watch() as viewer:
            pictures = [await shown(viewer) for _ in range(12)]
    assert {each.moment.detections.size for each in pictures} == {(clips.WIDTH, clips.HEIGHT)}
    assert [each.moment.seq for each in pictures] == sorted({each.moment.seq for each in pictures})
    assert all(each.moment.detections.motion is not None for each in pictures)


async def test_one_who_comes_soon_enough_keeps_it_open(pool: Pool, happened: list[str]) -> None:
    async with relaying(Counted, pool, linger=0.5) as relay:
        for _ in range(3):
            with relay.stream.watch() as viewer:
                await shown(viewer)
            await asyncio.sleep(0.05)
        with relay.stream.watch() as viewer:
            since = time.monotonic()
            while time.monotonic() - since < 0.6:
                await shown(viewer)
        assert happened == ["opened"]


async def test_for_one_who_comes_while_it_closes_it_is_opened_anew(
    pool: Pool, device: Device, told_to_stop: threading.Event
) -> None:
    closing, closed = threading.Event(), threading.Event()

    def close() -> None:
        closing.set()
        assert closed.wait(SECONDS)

    device.on_close = close
    async with fake(device, pool, linger=0) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await shown(viewer)
        await until(told_to_stop.is_set)
        device.give(picture(2))
        await until(closing.is_set)
        with relay.stream.watch() as viewer:
            states = [await news(viewer)]
            closed.set()
            device.give(picture(3))
            assert (await shown(viewer)).moment.seq == 2
            assert device.opened == 2
        assert all(isinstance(each, Status) for each in states)
        assert State.CLOSED not in {each.state for each in states if isinstance(each, Status)}
        closed.set()


async def test_one_that_stays_on_needs_no_viewers(pool: Pool, happened: list[str]) -> None:
    async with relaying(Counted, pool, stay_on=True) as relay:
        relay.start()
        await until(lambda: relay.stream.status.state is State.LIVE)
        assert relay.stream.moment is None, "but nothing is worked on"
        for _ in range(2):
            with relay.stream.watch() as viewer:
                await shown(viewer)
            await asyncio.sleep(0.15)  # longer than the linger
        assert happened == ["opened"]
        assert relay.stream.status.state is State.LIVE
        assert relay.stream.moment is None, "figures of long ago are told no more"
    assert happened == ["opened", "closed"]
    assert is_over(relay)


async def test_what_goes_on_without_viewers_begins_and_opens_nothing(
    pool: Pool, device: Device
) -> None:
    async with fake(device, pool) as relay:
        relay.start()
        await turns()
        assert (device.attended, device.opened) == (1, 0)
        assert not camera_threads()


async def test_with_nobody_watching_nothing_runs(pool: Pool) -> None:
    before = asyncio.all_tasks()
    async with relaying(PatternSource, pool) as relay:
        with relay.stream.watch() as viewer:
            await shown(viewer)
        await until(lambda: is_closed(relay))
        await asyncio.sleep(0.3)  # until viewers have been told their number
        assert asyncio.all_tasks() == before
        used = time.process_time()
        await asyncio.sleep(1)
        assert time.process_time() - used < 0.005


async def test_a_camera_that_fails_is_told_and_comes_back_to_who_stayed(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streamer.feed.SHORTEST_PAUSE", 0.01)
    async with fake(device, pool) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await shown(viewer)
            device.give(BROKEN_OFF)
            assert (await told(viewer, State.FAILED)).message == f"{BROKEN_OFF} Trying again."
            device.give(picture(2))
            await told(viewer, State.LIVE)
            assert (await shown(viewer)).moment.seq == 2


async def test_a_camera_for_which_there_is_no_thread_is_told_and_shown_later(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_: Feed) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(relay_module, "RETRY_SECONDS", 0.01)
    async with fake(device, pool) as relay:
        with monkeypatch.context() as scarcity:
            scarcity.setattr(Feed, "start", refuse)
            with relay.stream.watch() as viewer:
                assert "Its log says why" in (await told(viewer, State.FAILED)).message
                scarcity.undo()
                device.give(picture(5))
                assert await shown(viewer)
    assert "can't start new thread" in caplog.text


async def test_a_fault_of_ours_is_told_and_the_camera_shown_a_while_later(
    pool: Pool,
    device: Device,
    told_to_stop: threading.Event,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(_: Stream) -> None:
        raise RuntimeError("our fault")

    monkeypatch.setattr(relay_module, "RETRY_SECONDS", 0.2)
    async with fake(device, pool) as relay:
        with relay.stream.watch() as viewer:
            with monkeypatch.context() as fault:
                fault.setattr(Stream, "wanted", fail)
                device.give(picture(1))
                assert "Its log says why" in (await told(viewer, State.FAILED)).message
                await until(told_to_stop.is_set)
                device.give(picture(2))  # the camera's thread ends with its next frame
                await until(lambda: "our fault" in caplog.text)
                assert device.opened == device.closed == 1, "not again at once"
            device.give(picture(3))
            assert await shown(viewer)
            assert device.opened == 2
    assert caplog.text.count("camera porch cannot be shown") == 1


async def test_one_who_comes_while_a_device_hangs_is_told_so(
    pool: Pool, device: Device, told_to_stop: threading.Event, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "CLOSE_SECONDS", 0.3)
    async with fake(device, pool, linger=0) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await shown(viewer)
        await until(told_to_stop.is_set)
        with relay.stream.watch() as viewer:
            frozen = await told(viewer, State.FROZEN)
            assert "does not let go" in frozen.message
            device.give(picture(2))
            device.give(picture(3))
            await told(viewer, State.LIVE)
            assert device.opened == 2


async def test_to_stop_takes_bounded_time_and_does_not_block(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "STOP_SECONDS", 0.2)
    before = asyncio.all_tasks()
    relay = relay_of(device.make, pool)
    with relay.stream.watch() as viewer:
        device.give(picture(1))
        await shown(viewer)
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0.01)
                ticks += 1

        ticking = asyncio.create_task(tick())
        start = time.monotonic()
        await relay.stop()
        assert 0.2 <= time.monotonic() - start < 2
        assert ticks > 5
        ticking.cancel()
        await asyncio.wait([ticking])
    assert asyncio.all_tasks() == before
    (thread,) = camera_threads()
    assert thread.daemon, "it does not keep the process from ending"
    device.let_go()
    await asyncio.to_thread(thread.join, SECONDS)
    assert not camera_threads()


async def test_what_is_stopped_stays_closed_whoever_leaves_or_comes(
    pool: Pool, happened: list[str]
) -> None:
    async with relaying(Counted, pool, linger=60) as relay:
        with relay.stream.watch() as viewer:
            with relay.stream.watch():
                await shown(viewer)
                await relay.stop()
                assert is_over(relay)
                assert happened == ["opened", "closed"]
            with relay.stream.watch() as late:
                assert await told(late, State.ENDED)
                await turns()
        assert happened == ["opened", "closed"]
        await relay.stop()


@pytest.mark.parametrize("hangs", [True, False])
def test_a_loop_that_ends_waits_for_no_camera_and_nothing_is_logged(
    pool: Pool, device: Device, caplog: pytest.LogCaptureFixture, hangs: bool
) -> None:
    async def main() -> None:
        make = device.make if hangs else PatternSource
        relay = relay_of(make, pool)
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await shown(viewer)

    start = time.monotonic()
    asyncio.run(main())
    assert time.monotonic() - start < 5
    device.let_go()
    for thread in camera_threads():
        thread.join(SECONDS)
        assert not thread.is_alive()
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


@linux_only
async def test_two_hundred_rounds_leave_nothing_behind(happened: list[str]) -> None:
    process, pool = psutil.Process(), Pool(1)
    spec = DetectorSpec(MotionDetector)
    async with relaying(Counted, pool, spec, linger=0) as relay:

        async def rounds(count: int) -> tuple[int, int, int]:
            for _ in range(count):
                with relay.stream.watch() as viewer:
                    await shown(viewer)
                await until(lambda: is_closed(relay))
            gc.collect()
            files = len(os.listdir("/proc/self/fd"))  # noqa: PTH208, iterdir opens as many
            return files, threading.active_count(), process.memory_info().rss

        after = [await rounds(40) for _ in range(6)]
    assert len({(files, threads) for files, threads, _ in after}) == 1
    # The allocator may take more for itself once; what leaks grows from each forty to the next.
    growth = [later[2] - before[2] for before, later in pairwise(after)]
    assert min(growth) < 400_000, growth
    assert sum(growth) < 16_000_000, growth
    assert happened == ["opened", "closed"] * 240
    pool.shutdown()
