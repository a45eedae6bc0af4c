"""One webcam: its newest frame waits while one is in work, and every answer goes back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass, field
from functools import partial

import msgspec

from streamer import metrics, wire
from streamer.codec import JpegFrame
from streamer.dialects import Answer, Dialect, Message
from streamer.errors import Code, DeadlineError, FrameError, MessageError
from streamer.occasional import OccasionalLog
from streamer.pipeline import DetectorSpec, Pipeline, with_required, without
from streamer.pool import Pool
from streamer.slot import LatestSlot
from streamer.stream import Stream
from streamer.types import Limits, PictureForm, Result
from streamer.wire import Settings, SettingsChange

troubles = OccasionalLog(logging.getLogger(__name__))

CREDIT_FACTOR = 8
CREDIT_SECONDS = 2.0
"""A client may have this many windows of frames unanswered for this long, for its link's sake."""


@dataclass(frozen=True, slots=True)
class SessionLimits:
    """What one session may do: the size of its frames, frames a second, unanswered frames (the
    window), and bad frames in a row."""

    frame: Limits = field(default_factory=Limits)
    max_fps: float = 30.0
    window: int = 2
    max_bad_frames: int = 10


LEEWAY = 1.05
"""Factor of the frame rate that is worked at: after a burst, a camera of just that rate would find
its turn a little too late for ever."""

MAX_GIVEN_UP = 3
"""Frames in a row that may be given up: the next ones would be, too, and each costs a thread."""

PACE_STEP = 0.1
"""Share by which the pace has to change before the client is told again."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame that came: its place among all that came, its number, and when it came."""

    place: int
    seq: int
    jpeg: bytes
    time: float


@dataclass(frozen=True, slots=True)
class Work:
    """A frame that was worked on, and what came of it: a message, or what was wrong; and where
    nothing was wrong, the result that the message tells."""

    arrival: Arrival
    outcome: Message | MessageError
    result: Result | None = None


class Session:
    """Takes frames with `submit`, works on one at a time in the pool, answers with `send`.

    A newer frame takes the place of one that waits, until its turn in the pool has come. A bad
    frame is answered and the session goes on; `bad_frames` counts those in a row, and
    `max_bad_frames` end it. So is one that takes too long, and MAX_GIVEN_UP of them end it. What
    ends it is raised as a fatal MessageError by `submit`, `change` or `run`; to send and close is
    the caller's part.
    """

    def __init__(
        self,
        specs: Sequence[DetectorSpec],
        dialect: Dialect,
        limits: SessionLimits,
        pool: Pool,
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self._specs = specs
        self._dialect = dialect
        self.limits = limits
        self._share = pool.share(limits.max_fps)
        self._told_fps: float | None = None
        self._send = send
        self._pipeline = Pipeline(specs)
        self._slot: LatestSlot[Arrival] = LatestSlot()
        self._arrived = self._answered = self._dropped = 0
        self.bad_frames = self._given_up = 0
        self._in_work = Arrival(0, 0, b"", 0.0)
        self._over_credit_since: float | None = None
        self.settings = Settings(detectors=tuple(spec.name for spec in specs))
        self.shared: Stream | None = None
        """Where others watch what this webcam shows."""

    def hello(self) -> str:
        """Return the message that a `videostream.v1` session starts with."""
        limits = self.limits
        names = [spec.name for spec in self._specs]
        return wire.hello(limits.frame, limits.max_fps, limits.window, names, self.settings)

    def change(self, change: SettingsChange) -> None:
        """Take over the settings that a change names; MessageError leaves them as they were."""
        changes = change.changes()
        if "detectors" in changes:
            try:
                changes["detectors"] = with_required(changes["detectors"], self._specs)
            except ValueError as error:
                raise wire.settings_error(str(error)) from None
        self.settings = msgspec.structs.replace(self.settings, **changes)

    def submit(self, data: bytes) -> None:
        """Take a binary message with a frame in it. Never waits."""
        seq, jpeg = self._dialect.read_frame(data)
        limit = self.limits.frame.max_bytes
        if len(jpeg) > limit:
            raise MessageError(
                Code.TOO_LARGE,
                f"Expected a frame of at most {limit} bytes, came {len(jpeg)}. Send a smaller "
                "picture or one of lower quality.",
                seq=seq,
                fatal=True,
            )
        now = time.monotonic()
        self._arrived += 1
        self._share.arrived()
        self._check_credit(now)
        self._slot.put(Arrival(self._arrived, seq, jpeg, now))

    def _check_credit(self, now: float) -> None:
        allowed = CREDIT_FACTOR * self.limits.window
        if not self._dialect.acknowledges or self._arrived - self._answered <= allowed:
            self._over_credit_since = None
        elif self._over_credit_since is None:
            self._over_credit_since = now
        elif now - self._over_credit_since > CREDIT_SECONDS:
            raise MessageError(
                Code.CREDIT_EXCEEDED,
                f"Expected at most {self.limits.window} frames unanswered, had more than "
                f"{allowed} for {CREDIT_SECONDS:g} s. Wait for results before sending more.",
                fatal=True,
            )

    async def run(self) -> None:
        """Answer frames until cancelled; raises the MessageError that ends the session."""
        interval, next_start = 1 / (self.limits.max_fps * LEEWAY), 0.0
        with self._share:
            while True:
                await self._slot.filled()
                if (early := next_start - time.monotonic()) > 0:
                    await asyncio.sleep(early)
                # A late start does not delay the next: a camera of just this rate loses nothing.
                next_start = max(next_start, time.monotonic() - interval) + interval
                forms = self.shared.wanted() if self.shared else set()
                work = await self._done_in_time(partial(self._work, self._pipeline, forms))
                if self.shared and work.result:
                    result = work.result
                    self.shared.publish(work.arrival.time, result.detections, result.jpegs)
                answer = self._answer(work.outcome)
                if answer is not None:
                    await self._send(answer)
                self._count(work)
                self._answered = work.arrival.place
                if work.result and work.result.failed:
                    await self._go_on_without(work.result.failed)
                await self._tell_pace()

    def _count(self, work: Work) -> None:
        """Count for /metrics what came of a frame, and those that it took the place of."""
        if work.result:
            metrics.worked("webcam", time.monotonic() - work.arrival.time, work.result.ms)
        metrics.dropped("webcam", "newer", self._slot.dropped - self._dropped)
        self._dropped = self._slot.dropped

    async def _done_in_time(self, work: Callable[[], Work]) -> Work:
        """Return what comes of the newest frame, also where it is given up; MessageError where too
        many were."""
        try:
            return await self._share.run(work)
        except DeadlineError as error:
            return self._give_up(error)

    def _give_up(self, error: DeadlineError) -> Work:
        """Go on without the frame in work, and with a new pipeline: the old one is still in use."""
        name, arrival = self._pipeline.at_work, self._in_work
        who = f"the detector {name}" if name else "decoding or drawing"
        troubles.tell(f"a frame was given up: {who} does not end", error)
        metrics.dropped("webcam", "late")
        self._pipeline = Pipeline(self._specs)
        self._given_up += 1
        trouble = f"{error} The frame is given up: {who} does not end."
        remedy = f"switch {name} off" if name else "send smaller pictures"
        if self._given_up < MAX_GIVEN_UP:
            trouble = f"{trouble} Go on; if it happens again, {remedy}."
            return Work(arrival, MessageError(Code.INTERNAL, trouble, seq=arrival.seq))
        trouble = f"{MAX_GIVEN_UP} frames in a row took too long. The last: {trouble}"
        trouble = f"{trouble} Connect again and {remedy}."
        raise MessageError(Code.BAD_FRAMES, trouble, seq=arrival.seq, fatal=True) from error

    async def _go_on_without(self, failed: Collection[str]) -> None:
        """Switch detectors off that failed, with what requires them, and tell a client that can be
        told; it may ask for them again."""
        left = without(failed, self.settings.detectors, self._specs)
        self.settings = msgspec.structs.replace(self.settings, detectors=left)
        trouble = (
            f"Failed, and off now: {', '.join(sorted(failed))}. The server's log says why. Go on, "
            "or ask for it again."
        )
        message = self._dialect.error(MessageError(Code.INTERNAL, trouble))
        if message is not None:
            await self._send(message)
            await self._send(wire.encode(self.settings).decode())

    async def _tell_pace(self) -> None:
        """Tell a client that can obey how many frames a second there is room for, where that is
        new."""
        fps, told = self._share.fps, self._told_fps
        if fps == told or (fps and told and abs(fps - told) < PACE_STEP * told):
            return
        self._told_fps = fps
        message = self._dialect.pace(self.limits.window, fps)
        if message is not None:
            await self._send(message)

    def _work(self, pipeline: Pipeline, others: set[PictureForm]) -> Work:
        """Take the newest frame through the pipeline, with pictures of these forms for others; in a
        thread, once its turn has come."""
        arrival = self._in_work = self._slot.take()
        try:
            return self._done(arrival, pipeline, others)
        except FrameError as error:
            error.seq = arrival.seq
            return Work(arrival, error)
        except Exception as error:
            troubles.tell("a frame was lost", error)
            metrics.dropped("webcam", "failed")
            trouble = "The server failed on this frame. Go on sending."
            return Work(arrival, MessageError(Code.INTERNAL, trouble, seq=arrival.seq))

    def _done(self, arrival: Arrival, pipeline: Pipeline, others: set[PictureForm]) -> Work:
        wait = (time.monotonic() - arrival.time) * 1e3
        settings = self.settings
        own = PictureForm(settings.quality, settings.width)
        forms = others if settings.reply == "results" else others | {own}
        frame = JpegFrame(arrival.jpeg, self.limits.frame)
        result = pipeline.process(frame, settings.detectors, *forms)
        jpeg = None if settings.reply == "results" else result.jpegs[own]
        answer = Answer(arrival.seq, self._slot.dropped, wait, result, jpeg)
        return Work(arrival, self._dialect.result(settings.reply, answer), result)

    def _answer(self, outcome: Message | MessageError) -> Message | None:
        """Return what to send, and count bad frames; raises what ends the session."""
        if not isinstance(outcome, MessageError):
            self.bad_frames = self._given_up = 0
            return outcome
        if isinstance(outcome, FrameError):
            metrics.refused(outcome.code)
            metrics.dropped("webcam", "bad")
            self.bad_frames += 1
            if self.bad_frames >= self.limits.max_bad_frames:
                trouble = f"{self.bad_frames} bad frames in a row. The last: {outcome}"
                raise MessageError(
                    Code.BAD_FRAMES, trouble, seq=outcome.seq, fatal=True
                ) from outcome
        return self._dialect.error(outcome)
