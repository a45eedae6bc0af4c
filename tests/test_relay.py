"""One camera for many viewers: real threads, a real pool, simulated cameras; and a fake that fails
on command."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack, asynccontextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import psutil
import pytest

from streamer import annotator as annotator_module
from streamer import pipeline as pipeline_module
from streamer import relay as relay_module
from streamer.codec import JpegFrame, encode
from streamer.detectors.motion import MotionDetector
from streamer.errors import SourceError
from streamer.feed import Feed
from streamer.pipeline import DetectorSpec
from streamer.pool import Pool
from streamer.relay import Relay
from streamer.sources.file import FileSource
from streamer.sources.pattern import PatternSource
from streamer.stream import LEEWAY, Picture, Status, Viewer
from streamer.types import Detections, Detector, Frame, FrameSource, Image, State
from tests import clips
from tests.cameras import (
    SECONDS,
    DamagedFrame,
    Device,
    camera_threads,
    picture,
    relay_of,
    until,
)
from tests.test_servers import linux_only

BROKEN_OFF = SourceError("The camera broke the connection off.")


class NumberDetector(Detector):
    """Tells the number of a frame, and all that it has seen."""

    name = "number"

    def __init__(self, seen: list[int]) -> None:
        self._seen = seen

    def detect(self, frame: Frame, found: Detections) -> Detections:
        number = int(frame.bgr[60, 80, 0])
        self._seen.append(number)
        return found.with_finding(self.name, number=number)


class GateDetector(NumberDetector):
    """Holds each frame until it is let through."""

    def __init__(self, seen: list[int], opened: threading.Semaphore) -> None:
        super().__init__(seen)
        self._opened = opened

    def detect(self, frame: Frame, found: Detections) -> Detections:
        found = super().detect(frame, found)
        assert self._opened.acquire(timeout=SECONDS)
        return found


class BrokenDetector(NumberDetector):
    """Fails on odd numbers."""

    def detect(self, frame: Frame, found: Detections) -> Detections:
        found = super().detect(frame, found)
        if self._seen[-1] % 2:
            raise RuntimeError("out of order")
        return found


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
def pool() -> Iterator[Pool]:
    pool = Pool(1)
    yield pool
    pool.shutdown()


@pytest.fixture
def device() -> Iterator[Device]:
    device = Device()
    yield device
    assert device.closed == device.opened


@pytest.fixture
def told_to_stop(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Return what is set when a camera's thread is told to end."""
    told, stop = threading.Event(), Feed.stop

    def stopped(feed: Feed) -> None:
        stop(feed)
        told.set()

    monkeypatch.setattr(Feed, "stop", stopped)
    return told


@asynccontextmanager
async def relaying(
    make: Callable[[], FrameSource], pool: Pool, *specs: DetectorSpec, **options: Any
) -> AsyncIterator[Relay]:
    """Have a camera that closes soon after its last viewer; nothing is left of it."""
    before = asyncio.all_tasks()
    relay = relay_of(make, pool, *specs, **{"linger": 0.05} | options)
    try:
        yield relay
    finally:
        await relay.stop()
    assert not camera_threads()
    assert asyncio.all_tasks() == before


@asynccontextmanager
async def fake(
    device: Device, pool: Pool, *specs: DetectorSpec, **options: Any
) -> AsyncIterator[Relay]:
    async with relaying(device.make, pool, *specs, **options) as relay:
        try:
            yield relay
        finally:
            device.let_go()


async def news(viewer: Viewer) -> Status | Picture:
    async with asyncio.timeout(SECONDS):
        return await viewer.next()


async def shown(viewer: Viewer) -> Picture:
    """Return the next picture, whatever is told before."""
    while True:
        if isinstance(came := await news(viewer), Picture):
            return came


async def told(viewer: Viewer, state: State) -> Status:
    """Return the next status of this state, whatever comes before."""
    while True:
        came = await news(viewer)
        if isinstance(came, Status) and came.state is state:
            return came


def number(shown: Picture) -> Any:
    """Return the number of the frame, which a `NumberDetector` found."""
    return shown.moment.detections.findings["number"].data["number"]


def is_closed(relay: Relay) -> bool:
    return relay.stream.status.state is State.CLOSED


async def turns() -> None:
    """Let the event loop do what is due."""
    for _ in range(20):
        await asyncio.sleep(0)


async def done(pool: Pool) -> None:
    """Wait until all that is in the pool is done: it has one thread."""
    with pool.share(30) as share:
        await share.run(lambda: None)
    await turns()


async def look_at(device: Device, pool: Pool, *frames: Frame) -> None:
    """Have each of these frames worked on, one after the other."""
    for frame in frames:
        device.give(frame)
        await until(lambda: device.is_hungry)
        await turns()
        await done(pool)


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
    assert is_closed(relay)


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


async def test_a_picture_is_encoded_once_for_all_viewers_of_a_form(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    widths: list[int] = []

    def counted(image: Image, quality: int) -> bytes:
        widths.append(image.shape[1])
        return encode(image, quality)

    monkeypatch.setattr(pipeline_module, "encode", counted)
    async with fake(device, pool) as relay:
        with ExitStack() as held:
            viewers = [
                held.enter_context(relay.stream.watch(width)) for width in [None, 80, 640, 320] * 5
            ]
            for count in range(1, 4):
                device.give(picture(count))
                pictures = [await shown(viewer) for viewer in viewers]
                assert sorted(widths) == sorted([80, 160] * count), "no wider than the camera's"
                assert len({id(each.jpeg) for each in pictures}) == 2
                assert {each.moment.seq for each in pictures} == {count}


async def test_a_frame_that_nobody_wants_costs_nothing(pool: Pool, device: Device) -> None:
    seen: list[int] = []
    spec = DetectorSpec(NumberDetector, {"seen": seen})
    async with fake(device, pool, spec) as relay:
        with relay.stream.watch(fps=0.1) as seldom:
            for count in (1, 2):
                device.give(picture(count))
                assert number(await shown(seldom)) == count
            device.give(picture(3))
            await until(lambda: device.is_hungry)
            await turns()
            with relay.stream.watch() as often:
                device.give(picture(4))
                assert number(await shown(often)) == 4
            assert seen == [1, 2, 4]


async def test_of_what_comes_while_one_is_worked_on_the_newest_is_next(
    pool: Pool, device: Device
) -> None:
    """However slow the detectors, a picture is no older than the time that two take."""
    seen: list[int] = []
    opened = threading.Semaphore(0)
    spec = DetectorSpec(GateDetector, {"seen": seen, "opened": opened})
    async with fake(device, pool, spec) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await until(lambda: seen == [1])
            device.give(*map(picture, range(2, 41)))
            await until(lambda: device.is_hungry)
            opened.release(10)
            assert [number(await shown(viewer)) for _ in range(2)] == [1, 40]
            assert seen == [1, 40]


async def test_age_stays_bounded_where_detectors_are_slower_than_the_camera(pool: Pool) -> None:
    class SlowDetector(Detector):
        name = "slow"

        def detect(self, frame: Frame, found: Detections) -> Detections:
            time.sleep(0.1)
            return found

    async with relaying(PatternSource, pool, DetectorSpec(SlowDetector)) as relay:
        with relay.stream.watch() as viewer:
            ages = [(await shown(viewer)).moment.age for _ in range(12)]
    assert max(ages[2:]) < 0.5, ages
    assert max(ages[-3:]) < max(ages[:3]) + 0.15, "it does not grow"


async def test_frames_are_scaled_to_the_width_of_the_camera(pool: Pool) -> None:
    async with relaying(PatternSource, pool, width=160) as relay:
        with relay.stream.watch() as viewer, relay.stream.watch(320) as other:
            for each in (viewer, other):
                one = await shown(each)
                assert one.moment.detections.size == (160, 120)
                assert JpegFrame(one.jpeg).width == 160


async def test_no_more_frames_are_worked_on_than_the_camera_is_set_to(pool: Pool) -> None:
    async with relaying(PatternSource, pool, fps=8) as relay:
        with relay.stream.watch() as viewer:
            await shown(viewer)
            await shown(viewer)
            start = time.monotonic()
            for _ in range(8):
                await shown(viewer)
            assert 0.9 * 7 / (8 * LEEWAY) < time.monotonic() - start < 3


async def test_no_more_frames_are_worked_on_than_the_pool_has_room_for(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "measure", lambda: None)
    pool.fps = 5.0
    async with relaying(PatternSource, pool, fps=20) as relay:
        with relay.stream.watch() as viewer:
            await shown(viewer)
            await shown(viewer)
            start = time.monotonic()
            for _ in range(4):
                await shown(viewer)
            assert 0.9 * 3 / (5 * LEEWAY) < time.monotonic() - start < 3


async def test_all_frames_that_come_count_as_demand(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pool, "measure", lambda: None)
    seen: list[int] = []
    opened = threading.Semaphore(0)
    spec = DetectorSpec(GateDetector, {"seen": seen, "opened": opened})
    async with fake(device, pool, spec) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await until(lambda: seen == [1])
            device.give(*map(picture, range(2, 11)))
            await until(lambda: device.is_hungry)
            opened.release(10)
            assert [number(await shown(viewer)) for _ in range(2)] == [1, 10]
            (share,) = pool._shares
            assert share._arrived == 10
    assert not pool._shares


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


async def test_a_picture_that_is_late_does_not_cover_the_word_that_the_camera_failed(
    pool: Pool, device: Device
) -> None:
    seen: list[int] = []
    opened = threading.Semaphore(0)
    spec = DetectorSpec(GateDetector, {"seen": seen, "opened": opened})
    async with fake(device, pool, spec) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await until(lambda: seen == [1])
            device.give(BROKEN_OFF)
            await told(viewer, State.FAILED)
            opened.release()
            await done(pool)
            assert relay.stream.status.state is State.FAILED
            assert relay.stream.moment is None
            assert viewer._picture is None


async def test_detectors_that_fail_are_told_in_words_and_the_next_good_picture_is_live(
    pool: Pool, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    spec = DetectorSpec(BrokenDetector, {"seen": []})
    async with fake(device, pool, spec) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(2))
            await shown(viewer)
            await look_at(device, pool, *map(picture, (3, 5, 7)))
            failed = await told(viewer, State.FAILED)
            assert failed.message == (
                "The server fails on this camera's pictures. Its log says why."
            )
            device.give(picture(4))
            await told(viewer, State.LIVE)
            assert number(await shown(viewer)) == 4
    assert caplog.text.count("pictures of camera porch are lost") == 1
    assert "out of order" in caplog.text


async def test_a_late_good_picture_does_not_bring_a_failed_camera_to_life(
    pool: Pool, device: Device
) -> None:
    class FirstBroken(GateDetector):
        def detect(self, frame: Frame, found: Detections) -> Detections:
            found = super().detect(frame, found)
            if len(self._seen) == 1:
                raise RuntimeError("out of order")
            return found

    seen: list[int] = []
    opened = threading.Semaphore(1)
    spec = DetectorSpec(FirstBroken, {"seen": seen, "opened": opened})
    async with fake(device, pool, spec) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            assert "fails on this camera's pictures" in (await told(viewer, State.FAILED)).message
            device.give(picture(2))
            await until(lambda: seen == [1, 2])
            device.give(BROKEN_OFF)
            assert (await told(viewer, State.FAILED)).message.startswith(str(BROKEN_OFF))
            opened.release()
            await done(pool)
            assert relay.stream.status.message.startswith(str(BROKEN_OFF))


async def test_a_damaged_frame_is_left_out_and_many_are_told(pool: Pool, device: Device) -> None:
    async with fake(device, pool) as relay:
        with relay.stream.watch() as viewer:
            await look_at(
                device,
                pool,
                picture(1),
                *[DamagedFrame()] * (annotator_module.DAMAGED - 1),
                picture(2),
            )
            assert (await shown(viewer)).moment.seq == 2
            assert relay.stream.status.state is State.LIVE
            await look_at(device, pool, *[DamagedFrame()] * annotator_module.DAMAGED)
            assert "damaged" in (await told(viewer, State.FAILED)).message
            await look_at(device, pool, picture(3))
            await told(viewer, State.LIVE)
            assert (await shown(viewer)).moment.seq == 3


async def test_a_read_that_never_returns_is_told_as_frozen_and_then_live_again(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert annotator_module.SILENCE_SECONDS < 6
    monkeypatch.setattr(annotator_module, "SILENCE_SECONDS", 0.1)
    async with fake(device, pool) as relay:
        with relay.stream.watch() as viewer:
            for count in (1, 2):
                device.give(picture(count))
                await told(viewer, State.LIVE)
                assert (await shown(viewer)).moment.seq == count
                frozen = await told(viewer, State.FROZEN)
                assert frozen.message == "Nothing comes from the camera. Waiting for it."
            assert device.opened == 1


async def test_silence_ends_with_the_first_frame_also_where_nobody_watches(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotator_module, "SILENCE_SECONDS", 0.1)
    async with fake(device, pool, stay_on=True) as relay:
        relay.start()
        device.give(picture(1))
        await until(lambda: relay.stream.status.state is State.FROZEN)
        monkeypatch.setattr(annotator_module, "SILENCE_SECONDS", 60)
        device.give(picture(2))
        await until(lambda: relay.stream.status.state is State.LIVE)


async def test_a_device_that_does_not_open_is_told(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(annotator_module, "SILENCE_SECONDS", 0.1)
    there = threading.Event()

    def hang() -> None:
        assert there.wait(SECONDS)

    device.open_errors = [hang]
    async with fake(device, pool) as relay:
        with relay.stream.watch() as viewer:
            failed = await told(viewer, State.FAILED)
            assert failed.message == "The camera does not open. Waiting for it."
            there.set()
            device.give(picture(1))
            await told(viewer, State.LIVE)
            await shown(viewer)


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
                assert is_closed(relay)
                assert happened == ["opened", "closed"]
            with relay.stream.watch() as late:
                assert await told(late, State.CLOSED)
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
