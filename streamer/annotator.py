"""Works on a camera's frames, for all who watch it at once."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from functools import partial

from streamer import metrics
from streamer.codec import scaled
from streamer.errors import DeadlineError, FrameError
from streamer.pipeline import DetectorSpec, Pipeline, without
from streamer.pool import Pool, Share
from streamer.slot import LatestSlot
from streamer.stream import LEEWAY, Stream
from streamer.types import Frame, PictureForm, Result, State

logger = logging.getLogger(__name__)

SILENCE_SECONDS = 5.5
"""How long nothing may come before the camera is called frozen: a little longer than a source's own
time-out, for one whose device does not come back from a read."""

DAMAGED = 10
"""Damaged pictures in a row after which viewers are told."""

NOMINAL_FPS = 30.0
"""Frames a second that a camera is taken to send at the most, where its options do not say."""

FAULT = "The server fails on this camera's pictures. Its log says why."


@dataclass(frozen=True, slots=True)
class Look:
    """How a camera is looked at: the names of the detectors, the width in pixels that its frames
    are scaled down to, and the frames a second that are worked on (None: what it gives)."""

    detectors: Sequence[str] = ()
    width: int | None = None
    fps: float | None = None


@dataclass(frozen=True, slots=True)
class Shot:
    """A frame of the camera, and when it came (time.monotonic)."""

    frame: Frame
    time: float


class Annotator:
    """Takes the newest frame through the pipeline whenever somebody wants a picture, and publishes
    what comes of it; from the camera's opening until it closes."""

    def __init__(
        self, stream: Stream, look: Look, specs: Sequence[DetectorSpec], pool: Pool
    ) -> None:
        self.slot: LatestSlot[Shot] = LatestSlot()
        """Where the camera's frames go."""
        self._stream = stream
        self._look = look
        self._specs = specs
        self._detectors = tuple(look.detectors)
        """Those that have not failed since the camera opened last."""
        self._note = ""
        """What viewers are told while it is live: what has failed."""
        self._pipeline = Pipeline(specs)
        self._pool = pool
        self._camera = State.OPENING
        """What the camera's own thread says of it."""
        self._doubted = False
        self._damaged = 0

    def heard(self, state: State, message: str) -> None:
        """Tell viewers what the camera's own thread says."""
        self._camera = state
        self._doubted = False
        self._damaged = 0
        self._detectors = tuple(self._look.detectors)
        self._note = ""
        self._stream.tell(state, message)

    async def run(self) -> None:
        """Work until cancelled; what it raises is a fault of ours, not of frames."""
        next_start, dropped = 0.0, 0
        with self._pool.share(self._look.fps or NOMINAL_FPS) as share:
            while True:
                await self._filled()
                now = time.monotonic()
                if (early := next_start - now) > 0:
                    await asyncio.sleep(early)
                if (fps := self._pace(share)) is not None:
                    next_start = max(next_start, now - 1 / fps) + 1 / fps
                share.arrived(1 + self.slot.dropped - dropped)
                metrics.dropped("camera", "newer", self.slot.dropped - dropped)
                dropped = self.slot.dropped
                if forms := self._stream.wanted():
                    await self._publish(share, partial(self._result, self._pipeline, forms))
                else:
                    self.slot.take()

    async def _filled(self) -> None:
        """Wait for a frame; tell viewers where none comes and the camera's own thread hangs."""
        try:
            async with asyncio.timeout(SILENCE_SECONDS):
                await self.slot.filled()
        except TimeoutError:
            if self._camera is State.LIVE:
                self._stream.tell(State.FROZEN, "Nothing comes from the camera. Waiting for it.")
            elif self._camera is State.OPENING:
                self._stream.tell(State.FAILED, "The camera does not open. Waiting for it.")
            await self.slot.filled()
            if self._camera is State.LIVE:
                self._stream.tell(State.LIVE, self._note)

    def _pace(self, share: Share) -> float | None:
        """Return the frames a second to work on, None for all that come."""
        bounds = [fps * LEEWAY for fps in (self._look.fps, share.fps) if fps]
        return min(bounds, default=None)

    async def _publish(self, share: Share, work: Callable[[], tuple[Shot, Result]]) -> None:
        """Work on a frame in the pool, and publish what came of it."""
        try:
            shot, result = await share.run(work)
        except FrameError:  # the next one may be whole
            metrics.dropped("camera", "bad")
            self._damaged += 1
            if self._damaged >= DAMAGED:
                self._doubt("The camera's pictures are damaged. Waiting for whole ones.")
            return
        except DeadlineError as error:
            self._give_up(error)
            return
        except Exception:
            if not self._doubted:
                logger.exception("pictures of camera %s are lost", self._stream.name)
            metrics.dropped("camera", "failed")
            self._doubt(FAULT)
            return
        metrics.worked("camera", time.monotonic() - shot.time, result.ms)
        if self._camera is not State.LIVE:
            return  # it was taken before the camera failed, which viewers know of by now
        self._damaged = 0
        if self._doubted:
            self._doubted = False
            self._stream.tell(State.LIVE, self._note)
        self._stream.publish(shot.time, result.detections, result.jpegs)
        if result.failed:
            self._leave_out(result.failed)

    def _give_up(self, error: DeadlineError) -> None:
        """Go on without the frame in work and the detector that does not end, and with a new
        pipeline: the old one is still in use."""
        name, self._pipeline = self._pipeline.at_work, Pipeline(self._specs)
        who = f"the detector {name}" if name else "decoding or drawing"
        metrics.dropped("camera", "late")
        logger.error("camera %s: %s does not end", self._stream.name, who, exc_info=error)
        if name is None:
            self._doubt(FAULT)
        elif self._camera is State.LIVE:
            self._leave_out({name})

    def _leave_out(self, failed: Collection[str]) -> None:
        """Go on without detectors, and tell viewers."""
        self._detectors = without(failed, self._detectors, self._specs)
        trouble = f"Shown without what failed: {', '.join(sorted(failed))}."
        self._note = f"{trouble} The server's log says why."
        if not self._doubted:
            self._stream.tell(State.LIVE, self._note)

    def _result(self, pipeline: Pipeline, forms: set[PictureForm]) -> tuple[Shot, Result]:
        """Take the newest frame and look at it; in a thread of the pool."""
        shot = self.slot.take()
        frame = scaled(shot.frame, self._look.width)
        return shot, pipeline.process(frame, self._detectors, *forms)

    def _doubt(self, words: str) -> None:
        """Tell of trouble with pictures, which the camera's own thread knows nothing of."""
        self._doubted = True
        if self._camera is State.LIVE and self._stream.status.state is State.LIVE:
            self._stream.tell(State.FAILED, words)
