"""One camera, any number of viewers: it runs while somebody watches."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

from streamer.annotator import Annotator, Shot
from streamer.errors import SourceError
from streamer.feed import Feed
from streamer.stream import Stream
from streamer.types import Frame, FrameSource, State

logger = logging.getLogger(__name__)

CLOSE_SECONDS = 5.5
"""How long a camera may take to close before viewers are told: a little longer than a source's own
time-out."""

STOP_SECONDS = 2.0
"""How long a camera may take to close when the server stops; a thread that hangs ends with it."""

RETRY_SECONDS = 5.0
"""How long after a failure of the server itself, not of the camera, the next try comes."""
TROUBLE = "The server cannot show this camera. Its log says why. Trying again."


class Relay:
    """Opens the camera with the first viewer of its stream, publishes each frame that somebody
    wants, and closes it after the last one."""

    def __init__(
        self,
        stream: Stream,
        make: Callable[[], FrameSource],
        annotate: Callable[[], Annotator],
        linger: float = 10.0,
        stay_on: bool = False,
    ) -> None:
        """Make a source and what works on its frames for each time that it is open; it stays so for
        `linger` seconds after its last viewer, or anyway."""
        self.stream = stream
        self._make = make
        self._annotate = annotate
        self._linger = linger
        self._stay_on = stay_on
        self._changed = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._is_stopped = False
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
        self.stream.tell(State.ENDED, "The server stops.")

    @property
    def _is_needed(self) -> bool:
        return not self._is_stopped and (bool(self.stream.viewers) or self._stay_on)

    async def _run(self) -> None:
        while self._is_needed:
            try:
                await self._watch()
            except Exception:  # no thread can be had, or the fault is ours
                logger.exception("camera %s cannot be shown", self.stream.name)
                self.stream.tell(State.FAILED, TROUBLE)
                await asyncio.sleep(RETRY_SECONDS)
        self.stream.tell(State.CLOSED)

    async def _watch(self) -> None:
        """Have the camera open until nobody has watched for a while."""
        loop, ended, annotator = asyncio.get_running_loop(), asyncio.Event(), self._annotate()

        def on_loop(call: Callable[..., object], *arguments: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: the process ends
                loop.call_soon_threadsafe(call, *arguments)

        def on_frame(frame: Frame) -> None:
            with suppress(RuntimeError):
                annotator.slot.put_from_thread(Shot(frame, time.monotonic()), loop)

        feed = Feed(
            self.stream.name,
            self._make,
            on_frame=on_frame,
            on_state=partial(on_loop, annotator.heard),
            on_end=partial(on_loop, ended.set),
        )
        feed.start()
        work = asyncio.create_task(annotator.run())
        unwatched = asyncio.create_task(self._unwatched())
        try:
            await asyncio.wait((work, unwatched), return_when=asyncio.FIRST_COMPLETED)
        finally:  # also where the loop ends, which waits for no camera
            feed.stop()
            work.cancel()
            unwatched.cancel()
        if work.done():  # viewers must not take the last picture for the newest
            self.stream.tell(State.FAILED, TROUBLE)
        await self._over(ended)
        feed.join()
        await asyncio.wait((work,))
        if not work.cancelled():
            work.result()

    async def _over(self, ended: asyncio.Event) -> None:
        """Wait until the camera is closed; tell who comes meanwhile where its device hangs."""
        with suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_SECONDS):
                await ended.wait()
                return
        self.stream.tell(State.FROZEN, "The camera's device does not let go. Waiting for it.")
        await ended.wait()

    async def _unwatched(self) -> None:
        """Wait until nobody has watched for `linger` seconds, or it is to stop."""
        while not self._is_stopped:
            self._changed.clear()
            try:
                async with asyncio.timeout(None if self._is_needed else self._linger):
                    await self._changed.wait()
            except TimeoutError:
                return
