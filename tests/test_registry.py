"""All streams of a process, by name."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

import pytest

from streamer import relay as relay_module
from streamer.errors import SourceError
from streamer.pool import Pool
from streamer.registry import Registry
from streamer.relay import Relay
from streamer.sources.pattern import PatternSource
from streamer.stream import Stream
from streamer.types import FrameSource, State
from tests.cameras import SECONDS, Device, camera_threads, picture, relay_of, until


def relay(
    name: str,
    pool: Pool,
    make: Callable[[], FrameSource] = PatternSource,
    *,
    stay_on: bool = False,
) -> Relay:
    return relay_of(make, pool, name=name, stay_on=stay_on)


def names(registry: Registry) -> list[str]:
    return [stream.name for stream in registry]


def test_cameras_come_in_order_then_webcams(pool: Pool) -> None:
    registry = Registry([relay("porch", pool), relay("attic", pool)])
    webcam = Stream("webcam-1", "webcam")
    registry.add(webcam)
    assert names(registry) == ["porch", "attic", "webcam-1"]
    assert registry.get("webcam-1") is webcam
    assert registry.get("cellar") is None
    assert registry.first_camera is registry.get("porch")
    registry.remove(webcam)
    assert names(registry) == ["porch", "attic"]
    assert registry.get("webcam-1") is None


def test_a_webcam_is_not_the_first_camera() -> None:
    registry = Registry()
    registry.add(Stream("webcam-1", "webcam"))
    assert registry.first_camera is None


def test_a_name_is_given_once(pool: Pool) -> None:
    registry = Registry([relay("porch", pool)])
    with pytest.raises(ValueError, match="stream named porch already"):
        registry.add(Stream("porch", "webcam"))
    assert registry.get("porch") is registry.first_camera


def test_streams_may_come_and_go_while_one_looks_at_all(pool: Pool) -> None:
    registry = Registry([relay("porch", pool)])
    for stream in registry:
        registry.add(Stream(f"{stream.name}-2", "webcam"))
    assert names(registry) == ["porch", "porch-2"]


async def test_what_goes_on_without_viewers_begins_once_and_ends(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    attended = []

    def attend(camera: PatternSource) -> None:
        attended.append(camera)

    monkeypatch.setattr(PatternSource, "attend", attend)
    registry = Registry([relay("porch", pool, stay_on=True), relay("attic", pool)])
    porch, attic = registry
    for _ in range(3):
        registry.start()
    await until(lambda: porch.status.state is State.LIVE)
    assert len(attended) == 2
    assert [thread.name for thread in camera_threads()] == ["camera porch"]
    assert attic.status.state is State.CLOSED
    await registry.stop()
    assert {stream.status.state for stream in registry} == {State.ENDED}
    assert not camera_threads()


@pytest.mark.parametrize(
    ("error", "logged"),
    [
        (SourceError("The address is in use."), "camera broken: The address is in use."),
        (ZeroDivisionError("out of order"), "camera broken failed"),
    ],
)
async def test_one_that_cannot_begin_does_not_keep_the_others_from_it(
    pool: Pool, caplog: pytest.LogCaptureFixture, error: Exception, logged: str
) -> None:
    device = Device()
    device.make_error = error
    registry = Registry([relay("broken", pool, device.make), relay("porch", pool, stay_on=True)])
    registry.start()
    porch = registry.get("porch")
    assert porch
    await until(lambda: porch.status.state is State.LIVE)
    await registry.stop()
    assert logged in caplog.text


async def test_cameras_that_hang_are_stopped_all_at_once_in_bounded_time(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "STOP_SECONDS", 0.4)
    before = asyncio.all_tasks()
    devices = [Device() for _ in range(5)]
    registry = Registry(
        [
            *(
                relay(f"{number}", pool, each.make, stay_on=True)
                for number, each in enumerate(devices)
            ),
            relay("porch", pool, stay_on=True),
        ]
    )
    registry.start()
    for device in devices:
        device.give(picture(1))
    await until(lambda: all(stream.status.state is State.LIVE for stream in registry))
    start = time.monotonic()
    await registry.stop()
    assert time.monotonic() - start < 1.2
    assert asyncio.all_tasks() == before
    porch = registry.get("porch")
    assert porch
    assert porch.status.state is State.ENDED, "what does not hang is closed"
    assert len(camera_threads()) == len(devices)
    for device in devices:
        device.let_go()
    for thread in camera_threads():
        await asyncio.to_thread(thread.join, SECONDS)
    assert not camera_threads()


async def test_a_registry_without_cameras_starts_and_stops() -> None:
    registry = Registry()
    registry.start()
    await registry.stop()
