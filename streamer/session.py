"""One webcam: its newest frame waits while one is in work, and every answer goes back."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field

import msgspec

from streamer import wire
from streamer.codec import JpegFrame
from streamer.dialects import Dialect, Message
from streamer.errors import Code, FrameError, MessageError
from streamer.pipeline import DetectorSpec, PictureForm, Pipeline, with_required
from streamer.slot import LatestSlot
from streamer.types import Limits
from streamer.wire import Settings, SettingsChange

logger = logging.getLogger(__name__)

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


@dataclass(frozen=True, slots=True)
class Arrival:
    """A frame that came: its place among all that came, its number, and when it came."""

    place: int
    seq: int
    jpeg: bytes
    time: float


class Session:
    """Takes frames with `submit`, works on one at a time in the executor, answers with `send`.

    A newer frame takes the place of one that waits. A bad frame is answered and the session goes
    on; `bad_frames` counts those in a row, and `max_bad_frames` end it. What ends it is raised as a
    fatal MessageError by `submit`, `change` or `run`; to send and close is the caller's part.
    """

    def __init__(
        self,
        specs: Sequence[DetectorSpec],
        dialect: Dialect,
        limits: SessionLimits,
        executor: Executor,
        send: Callable[[Message], Awaitable[None]],
    ) -> None:
        self._specs = specs
        self._dialect = dialect
        self.limits = limits
        self._executor = executor
        self._send = send
        self._pipeline = Pipeline(specs)
        self._slot: LatestSlot[Arrival] = LatestSlot()
        self._arrived = self._answered = 0
        self.bad_frames = 0
        self._over_credit_since: float | None = None
        self.settings = Settings(detectors=tuple(spec.name for spec in specs))

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
        loop = asyncio.get_running_loop()
        interval, next_start = 1 / self.limits.max_fps, 0.0
        while True:
            await self._slot.filled()
            await asyncio.sleep(next_start - time.monotonic())
            # A late start does not delay the next: a camera of just this rate loses nothing.
            next_start = max(next_start, time.monotonic() - interval) + interval
            arrival = self._slot.take()
            answer: Message | None
            try:
                answer = await loop.run_in_executor(self._executor, self._work, arrival)
                self.bad_frames = 0
            except FrameError as error:
                answer = self._bad_frame(error, arrival)
            except Exception:
                logger.exception("frame %d was lost", arrival.seq)
                fault = "The server failed on this frame. Go on sending."
                answer = self._dialect.error(MessageError(Code.INTERNAL, fault, seq=arrival.seq))
            if answer is not None:
                await self._send(answer)
            self._answered = arrival.place

    def _work(self, arrival: Arrival) -> Message:
        """Run one frame through the pipeline and return the answer; in a thread of the executor."""
        wait = (time.monotonic() - arrival.time) * 1e3
        settings = self.settings
        picture = None
        if settings.reply != "results":
            picture = PictureForm(settings.quality, settings.width)
        frame = JpegFrame(arrival.jpeg, self.limits.frame)
        result = self._pipeline.process(frame, settings.detectors, picture)
        return self._dialect.result(settings.reply, arrival.seq, self._slot.dropped, wait, result)

    def _bad_frame(self, error: FrameError, arrival: Arrival) -> Message | None:
        """Count a bad frame and return the answer to it; raises what ends the session."""
        error.seq = arrival.seq
        self.bad_frames += 1
        if self.bad_frames >= self.limits.max_bad_frames:
            trouble = f"{self.bad_frames} bad frames in a row. The last: {error}"
            raise MessageError(Code.BAD_FRAMES, trouble, seq=arrival.seq, fatal=True) from error
        return self._dialect.error(error)
