"""A camera that does what a test tells it to, when it tells it: no real one fails on command."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from streamer.annotator import Annotator, Look
from streamer.codec import ArrayFrame
from streamer.errors import Code, FrameError, SourceError
from streamer.pipeline import DetectorSpec
from streamer.pool import Pool
from streamer.relay import Relay
from streamer.stream import Stream
from streamer.types import Frame, FrameSource, Image

SECONDS = 20
"""How long a test waits for what has to come."""

BROKEN_OFF = SourceError("The camera broke the connection off.")


def picture(number: int) -> ArrayFrame:
    """Return a frame that tells its number, 0..255, by its brightness."""
    return ArrayFrame(np.full((120, 160, 3), number, np.uint8))


class DamagedFrame(ArrayFrame):
    """A frame of which it turns out, when somebody looks, that it cannot be decoded."""

    def __init__(self) -> None:
        super().__init__(np.zeros((120, 160, 3), np.uint8))

    @property
    def bgr(self) -> Image:
        raise FrameError(Code.UNKNOWN_MESSAGE, "The JPEG is damaged.")


class Device:
    """What a `FakeCamera` reads: frames and errors, in the order in which they are given. While
    there are none, a read hangs."""

    def __init__(self) -> None:
        self.is_there = True
        self.opened = self.closed = 0
        self.asked = 0
        """How often it was asked whether it is there."""
        self.attended = 0
        self.make_error: Exception | None = None
        self.open_errors: list[Exception | Callable[[], Exception | None] | None] = []
        """What comes of each next attempt to open it; the last one stays."""
        self.on_close: Callable[[], None] = lambda: None
        """Called when it is to be closed; it may raise, or take its time."""
        self._given: deque[Frame | Exception] = deque()
        self._waits = False
        self._changed = threading.Condition()

    def make(self) -> FakeCamera:
        """Return a camera, as often as one is asked for."""
        if self.make_error:
            raise self.make_error
        return FakeCamera(self)

    def give(self, *things: Frame | Exception) -> None:
        """Have the next reads return frames, or raise errors."""
        with self._changed:
            self._given.extend(things)
            self._changed.notify_all()

    @property
    def is_hungry(self) -> bool:
        """Whether a read waits, and all that was given before has been passed on."""
        with self._changed:
            return self._waits and not self._given

    def let_go(self) -> None:
        """End a read that hangs, and each later one, so that no thread is left of a test."""
        self.give(*[SourceError("The test is over.")] * 100)

    def open(self) -> None:
        self.note("opened")
        error = self.open_errors[0] if self.open_errors else None
        if len(self.open_errors) > 1:
            self.open_errors.pop(0)
        if callable(error) and not isinstance(error, Exception):
            error = error()
        if error:
            raise error

    def read(self) -> Frame:
        with self._changed:
            self._waits = True
            self._changed.notify_all()
            self._changed.wait_for(lambda: self._given)
            self._waits = False
            thing = self._given.popleft()
        if isinstance(thing, Exception):
            raise thing
        return thing

    def note(self, what: str) -> None:
        """Count something that happens to it."""
        with self._changed:
            setattr(self, what, getattr(self, what) + 1)
            self._changed.notify_all()

    def wait(self, condition: Callable[[Device], bool]) -> None:
        """Wait until what has happened to it meets a condition."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self), SECONDS), vars(self)


class FakeCamera(FrameSource):
    """Not a camera: see `Device`."""

    def __init__(self, device: Device) -> None:
        self._device = device

    def open(self) -> None:
        self._device.open()

    def read(self) -> Frame:
        return self._device.read()

    def close(self) -> None:
        self._device.note("closed")
        self._device.on_close()

    def answers(self) -> bool:
        self._device.note("asked")
        return self._device.is_there

    def attend(self) -> None:
        self._device.note("attended")


def camera_threads() -> list[threading.Thread]:
    """Return the threads in which cameras run."""
    return [thread for thread in threading.enumerate() if thread.name.startswith("camera ")]


async def until(condition: Callable[[], bool]) -> None:
    """Wait on the event loop until something is so."""
    async with asyncio.timeout(SECONDS):
        while not condition():
            await asyncio.sleep(0.005)


def relay_of(
    make: Callable[[], FrameSource],
    pool: Pool,
    *specs: DetectorSpec,
    name: str = "porch",
    linger: float = 10.0,
    stay_on: bool = False,
    **look: Any,
) -> Relay:
    """Return what runs a camera, with these detectors on; `look` goes to its Look."""
    stream = Stream(name, "camera")
    chosen = Look(**{"detectors": [each.name for each in specs]} | look)
    return Relay(stream, make, partial(Annotator, stream, chosen, specs, pool), linger, stay_on)
