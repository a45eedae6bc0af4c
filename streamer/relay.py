"""One camera, any number of viewers: it runs while somebody watches."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial

from streamer.codec import scaled
from streamer.errors import FrameError, SourceError
from streamer.feed import Feed
from streamer.pipeline import DetectorSpec, Pipeline
from streamer.pool import Pool, Share
from streamer.slot import LatestSlot
from streamer.stream import LEEWAY, Stream
from streamer.types import Frame, FrameSource, PictureForm, Result, State

logger = logging.getLogger(__name__)

SILENCE_SECONDS = 5.5
"""How long nothing may come before the camera is called frozen: a little longer than a source's own
time-out, for one whose device does not come back from a read."""

STOP_SECONDS = 2.0
"""How long a camera may take to close when the server stops; a thread that hangs ends with it."""

DAMAGED = 10
"""Damaged pictures in a row after which viewers are told."""

NOMINAL_FPS = 30.0
"""Frames a second that a camera is taken to send at the most, where its options do not say."""


@dataclass(frozen=True, slots=True)
class CameraOptions:
    """How a camera is watched: the names of the detectors, the width in pixels that its frames are
    scaled down to, the frames a second that are worked on (None: what it gives), the seconds that
    it stays open after its last viewer, and whether it stays open anyway."""

    detectors: Sequence[str] = ()
    width: int | None = None
    fps: float | None = None
    linger: float = 10.0
    stay_on: bool = False


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame of the camera, and when it came (time.monotonic)."""

    frame: Frame
    time: float


class Relay:
    """Opens the camera with the first viewer of its stream, publishes each frame that somebody
    wants, and closes it after the last one."""

    def __init__(
        self,
        stream: Stream,
        make: Callable[[], FrameSource],
        specs: Sequence[DetectorSpec],
        pool: Pool,
        options: CameraOptions,
    ) -> None:
        self.stream = stream
        self._make = make
        self._specs = specs
        self._pool = pool
        self._options = options
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopped = False
        self._camera = State.CLOSED
        """What the camera's own thread says of it."""
        self._doubted = False
        self._damaged = 0
        stream.on_viewers = self.wake

    def start(self) -> None:
        """Begin what goes on without viewers; on the event loop."""
        try:
            self._make().attend()
        except SourceError as error:
            logger.warning("camera %s: %s", self.stream.name, error)
        except Exception:  # the other cameras can begin
            logger.exception("camera %s failed", self.stream.name)
        self.wake()

    def wake(self) -> None:
        """Look anew whether somebody watches."""
        self._changed.set()
        if self._is_needed and (self._task is None or self._task.done()):
            self.stream.tell(State.OPENING)
            self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Close the camera for good, whoever watches or comes."""
        self._is_stopped = True
        self._changed.set()
        if self._task:
            await asyncio.wait([self._task], timeout=STOP_SECONDS)
            self._task.cancel()
            await asyncio.wait([self._task])

    @property
    def _is_needed(self) -> bool:
        return not self._is_stopped and (bool(self.stream.viewers) or self._options.stay_on)

    async def _run(self) -> None:
        while self._is_needed:
            await self._watch()
        self.stream.tell(State.CLOSED)

    async def _watch(self) -> None:
        """Have the camera open until nobody has watched for a while."""
        loop, slot, ended = asyncio.get_running_loop(), LatestSlot[Shot](), asyncio.Event()

        def on_loop(call: Callable[..., object], *arguments: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: the process ends
                loop.call_soon_threadsafe(call, *arguments)

        def on_frame(frame: Frame) -> None:
            with suppress(RuntimeError):
                slot.put_from_thread(Shot(frame, time.monotonic()), loop)

        feed = Feed(
            self.stream.name,
            self._make,
            on_frame=on_frame,
            on_state=partial(on_loop, self._heard),
            on_end=partial(on_loop, ended.set),
        )
        feed.start()
        work = asyncio.create_task(self._work(slot))
        try:
            await self._unwatched()
        finally:  # also where the loop ends, which waits for no camera
            feed.stop()
            work.cancel()
        await self._over(ended)
        feed.join()

    def _heard(self, state: State, message: str) -> None:
        """Tell viewers what the camera's own thread says."""
        self._camera = state
        self._doubted = False
        self._damaged = 0
        self.stream.tell(state, message)

    async def _over(self, ended: asyncio.Event) -> None:
        """Wait until the camera is closed; tell who comes meanwhile where its device hangs."""
        with suppress(TimeoutError):
            async with asyncio.timeout(SILENCE_SECONDS):
                await ended.wait()
                return
        self.stream.tell(State.FROZEN, "The camera's device does not let go. Waiting for it.")
        await ended.wait()

    async def _unwatched(self) -> None:
        """Wait until nobody has watched for `linger` seconds, or it is to stop."""
        while not self._is_stopped:
            self._changed.clear()
            try:
                async with asyncio.timeout(None if self._is_needed else self._options.linger):
                    await self._changed.wait()
            except TimeoutError:
                return

    async def _work(self, slot: LatestSlot[Shot]) -> None:
        """Take the newest frame through the pipeline whenever somebody wants a picture."""
        pipeline = Pipeline(self._specs)
        next_start, dropped = 0.0, 0
        with self._pool.share(self._options.fps or NOMINAL_FPS) as share:
            while True:
                await self._filled(slot)
                now = time.monotonic()
                if (early := next_start - now) > 0:
                    await asyncio.sleep(early)
                if (fps := self._pace(share)) is not None:
                    next_start = max(next_start, now - 1 / fps) + 1 / fps
                share.arrived(1 + slot.dropped - dropped)
                dropped = slot.dropped
                if forms := self.stream.wanted():
                    await self._look(share, partial(self._result, slot, pipeline, forms))
                else:
                    slot.take()

    async def _filled(self, slot: LatestSlot[Shot]) -> None:
        """Wait for a frame; tell viewers where none comes and the camera's own thread hangs."""
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await slot.filled()
        except TimeoutError:
            if self._camera is State.LIVE:
                self.stream.tell(State.FROZEN, "Nothing comes from the camera. Waiting for it.")
            elif self._camera is State.OPENING:
                self.stream.tell(State.FAILED, "The camera does not open. Waiting for it.")
            await slot.filled()
            if self._camera is State.LIVE:
                self.stream.tell(State.LIVE)

    def _pace(self, share: Share) -> float | None:
        """Return the frames a second to work on, None for all that come."""
        bounds = [fps * LEEWAY for fps in (self._options.fps, share.fps) if fps]
        return min(bounds, default=None)

    async def _look(self, share: Share, work: Callable[[], tuple[Shot, Result]]) -> None:
        """Work on a frame in the pool, and publish what came of it."""
        try:
            shot, result = await share.run(work)
        except FrameError:  # the next one may be whole
            self._damaged += 1
            if self._damaged >= DAMAGED:
                self._doubt("The camera's pictures are damaged. Waiting for whole ones.")
            return
        except Exception:
            if not self._doubted:
                logger.exception("pictures of camera %s are lost", self.stream.name)
            words = "The server fails on this camera's pictures. Its log says why."
            self._doubt(words)
            return
        if self._camera is not State.LIVE:
            return  # it was taken before the camera failed, which viewers know of by now
        self._damaged = 0
        if self._doubted:
            self._doubted = False
            self.stream.tell(State.LIVE)
        self.stream.publish(shot.time, result.detections, result.jpegs)

    def _result(
        self, slot: LatestSlot[Shot], pipeline: Pipeline, forms: set[PictureForm]
    ) -> tuple[Shot, Result]:
        """Take the newest frame and look at it; in a thread of the pool."""
        shot = slot.take()
        frame = scaled(shot.frame, self._options.width)
        return shot, pipeline.process(frame, self._options.detectors, *forms)

    def _doubt(self, words: str) -> None:
        """Tell of trouble with pictures, which the camera's own thread knows nothing of."""
        self._doubted = True
        if self._camera is State.LIVE and self.stream.status.state is State.LIVE:
            self.stream.tell(State.FAILED, words)
