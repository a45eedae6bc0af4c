"""A camera's frames are worked on once for all, and no more than is wanted."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Any

import pytest

from streamer import annotator as annotator_module
from streamer import pipeline as pipeline_module
from streamer.codec import ArrayFrame, JpegFrame, encode
from streamer.pipeline import DetectorSpec
from streamer.pool import Pool
from streamer.sources.pattern import PatternSource
from streamer.stream import LEEWAY, Picture
from streamer.types import Detections, Detector, Frame, Image, State
from tests.cameras import (
    BROKEN_OFF,
    SECONDS,
    DamagedFrame,
    Device,
    picture,
    until,
)
from tests.hang import Deadline, Hang, HangingDetector
from tests.relays import done, fake, relaying, shown, told, turns


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


def even_ones(image: Image, quality: int) -> bytes:
    """Encode pictures of even numbers, and fail on others."""
    if image[60, 80, 0] % 2:
        raise RuntimeError("no ink")
    return encode(image, quality)


def number(shown: Picture) -> Any:
    """Return the number of the frame, which a `NumberDetector` found."""
    return shown.moment.detections.findings["number"].data["number"]


async def look_at(device: Device, pool: Pool, *frames: Frame) -> None:
    """Have each of these frames worked on, one after the other."""
    for frame in frames:
        device.give(frame)
        await until(lambda: device.is_hungry)
        await turns()
        await done(pool)


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


@pytest.mark.usefixtures("untold")
async def test_a_detector_that_fails_is_left_out_and_told_until_the_camera_opens_anew(
    pool: Pool, device: Device, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[int] = []
    async with fake(device, pool, DetectorSpec(BrokenDetector, {"seen": seen})) as relay:
        with relay.stream.watch() as viewer:
            await look_at(device, pool, *map(picture, (2, 3, 5)))
            live = relay.stream.status
            assert (live.state, live.message) == (
                State.LIVE,
                "Shown without what failed: number. The server's log says why.",
            )
            assert (await shown(viewer)).moment.detections.findings == {}
            assert seen == [2, 3]
            device.give(BROKEN_OFF)
            await told(viewer, State.FAILED)
            device.give(picture(4))
            assert (await told(viewer, State.LIVE)).message == ""
            await until(lambda: seen == [2, 3, 4])
    assert caplog.text.count("the detector number failed") == 1
    assert "out of order" in caplog.text


async def test_pictures_that_cannot_be_made_are_told_in_words_and_the_next_good_one_is_live(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pipeline_module, "encode", even_ones)
    spec = DetectorSpec(NumberDetector, {"seen": []})
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
    assert "no ink" in caplog.text


async def test_a_late_good_picture_does_not_bring_a_failed_camera_to_life(
    pool: Pool, device: Device, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pipeline_module, "encode", even_ones)
    seen: list[int] = []
    opened = threading.Semaphore(1)
    spec = DetectorSpec(GateDetector, {"seen": seen, "opened": opened})
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


async def test_a_detector_that_hangs_is_left_out_and_told(
    deadline: Deadline, device: Device, hang: Hang, caplog: pytest.LogCaptureFixture
) -> None:
    hanging = DetectorSpec(HangingDetector, {"hang": hang})
    number_one = DetectorSpec(NumberDetector, {"seen": []})
    async with fake(device, deadline.pool, hanging, number_one) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await deadline.pass_by(hang)
            device.give(picture(2))
            assert number(one := await shown(viewer)) == 2
            assert "hanging" not in one.moment.detections.findings
            live = relay.stream.status
            assert (live.state, live.message) == (
                State.LIVE,
                "Shown without what failed: hanging. The server's log says why.",
            )
            device.give(BROKEN_OFF)
            await told(viewer, State.FAILED)
            device.give(picture(200))
            assert (await told(viewer, State.LIVE)).message == ""
            assert "hanging" in (await shown(viewer)).moment.detections.findings
    assert "camera porch: the detector hanging does not end" in caplog.text
    assert "self.opened.wait" in caplog.text, "the log says where it hangs"


async def test_what_hangs_when_the_camera_has_failed_meanwhile_is_told_to_nobody(
    deadline: Deadline, device: Device, hang: Hang
) -> None:
    spec = DetectorSpec(HangingDetector, {"hang": hang})
    async with fake(device, deadline.pool, spec) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await told(viewer, State.LIVE)
            await hang.entered()
            device.give(BROKEN_OFF)
            failed = await told(viewer, State.FAILED)
            hang.begun.release()
            await deadline.pass_by(hang)
            await turns()
            assert relay.stream.status == failed


async def test_pictures_that_cannot_be_decoded_in_time_are_told_as_other_faults(
    deadline: Deadline, device: Device, hang: Hang
) -> None:
    class EndlessFrame(ArrayFrame):
        @property
        def bgr(self) -> Image:
            hang()
            return super().bgr

    async with fake(device, deadline.pool) as relay:
        with relay.stream.watch() as viewer:
            device.give(EndlessFrame(picture(1).bgr))
            await deadline.pass_by(hang)
            assert (await told(viewer, State.FAILED)).message == annotator_module.FAULT
            device.give(picture(2))
            await told(viewer, State.LIVE)
            await shown(viewer)


async def test_what_is_left_out_is_still_told_after_a_silence(
    deadline: Deadline, device: Device, hang: Hang, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = DetectorSpec(HangingDetector, {"hang": hang})
    async with fake(device, deadline.pool, spec) as relay:
        with relay.stream.watch() as viewer:
            device.give(picture(1))
            await deadline.pass_by(hang)
            monkeypatch.setattr(annotator_module, "SILENCE_SECONDS", 0.1)
            device.give(picture(2))
            await shown(viewer)
            await told(viewer, State.FROZEN)
            device.give(picture(3))
            assert "without what failed: hanging" in (await told(viewer, State.LIVE)).message
