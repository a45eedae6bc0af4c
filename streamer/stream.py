"""One stream: the newest picture of a camera, or of a shared webcam, goes to all who watch.

All of it belongs to the event loop.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property

from streamer import wire
from streamer.rate import RateMeter
from streamer.types import Detections, PictureForm, State

LEEWAY = 1.05
"""Factor of a viewer's frame rate that is kept to: at just that rate, pictures that come a little
early would be left out, and the next is a whole interval late."""

NOTICE_SECONDS = 0.25
"""How long viewers that come and go are gathered before all are told their number."""


@dataclass(frozen=True, slots=True)
class Status:
    """How a stream is: its state, the reason in words where there is one, and its viewers."""

    state: State
    message: str = ""
    viewers: int = 0


@dataclass(frozen=True)
class Moment:
    """One frame of a stream: its number, when it was taken (time.monotonic), what was found."""

    seq: int
    time: float
    detections: Detections

    @cached_property
    def found(self) -> bytes:
        """What was found, as JSON: made once for all viewers."""
        return wire.encode(wire.detections_json(self.detections))

    @property
    def age(self) -> float:
        """Seconds since it was taken."""
        return time.monotonic() - self.time


@dataclass(frozen=True, slots=True)
class Picture:
    """What was seen in a moment, drawn and coded."""

    moment: Moment
    jpeg: bytes


class Viewer:
    """One who watches: what is new waits here, a newer picture in the place of an older one."""

    def __init__(self, stream: Stream, form: PictureForm, fps: float | None) -> None:
        """Take pictures of this form, `fps` a second at the most."""
        self.form = form
        self.is_ready = True
        """Whether it takes pictures now; its way may be full."""
        self.dropped = 0
        self._stream = stream
        self._interval = 1 / (fps * LEEWAY) if fps else 0.0
        self._next = 0.0
        self._picture: Picture | None = None
        self._told: Status | None = None
        self._is_over = False
        self._news = asyncio.Event()

    def is_due(self, now: float) -> bool:
        """Tell whether it is time for another picture."""
        return now >= self._next

    def offer(self, picture: Picture, now: float) -> None:
        """Take a picture, in the place of one that still waits."""
        self.dropped += self._picture is not None
        self._picture = picture
        self._next = max(self._next, now - self._interval) + self._interval
        self._news.set()

    def wake(self) -> None:
        """Look at the stream's status anew."""
        self._news.set()

    def dismiss(self) -> None:
        """Tell it that the stream has ended: for this viewer it has."""
        self._is_over = True
        self._news.set()

    def forget(self) -> None:
        """Leave out the picture that waits, if any: it is from before what is told now."""
        self._picture = None

    async def next(self) -> Status | Picture:
        """Wait for news: the status, first of all and whenever it is another, or a picture. No
        picture comes twice."""
        while True:
            if self._is_over:
                return Status(State.ENDED)
            if self._told != self._stream.status:
                self._told = self._stream.status
                return self._told
            if self._picture and self.is_ready:
                picture, self._picture = self._picture, None
                return picture
            self._news.clear()
            await self._news.wait()


class Stream:
    """A stream and its viewers. Who makes its pictures asks what is `wanted`, and publishes."""

    def __init__(self, name: str, kind: str, quality: int = 70) -> None:
        """`kind` is camera or webcam; `quality` (1..100) is that of all its pictures."""
        self.name = name
        self.kind = kind
        self.status = Status(State.CLOSED)
        self.viewers: set[Viewer] = set()
        self.on_viewers: Callable[[], None] = lambda: None
        """Called when a viewer has come or gone."""
        self.moment: Moment | None = None
        """The newest, while it is live and somebody sees it."""
        self._quality = quality
        self._rate = RateMeter()
        self._count = 0
        self._age = 0.0
        self._notice: asyncio.TimerHandle | None = None

    @contextmanager
    def watch(self, width: int | None = None, fps: float | None = None) -> Iterator[Viewer]:
        """Hold a viewer's place while the block runs: of pictures `width` pixels wide at the most,
        `fps` a second at the most."""
        viewer = Viewer(self, PictureForm(self._quality, width), fps)
        self.viewers.add(viewer)
        self._viewers_changed()
        try:
            yield viewer
        finally:
            self.viewers.discard(viewer)
            self._viewers_changed()

    def _viewers_changed(self) -> None:
        if not self.viewers:
            self.moment = None
        self.on_viewers()
        if not self._notice:
            loop = asyncio.get_running_loop()
            self._notice = loop.call_later(NOTICE_SECONDS, self._tell_number)

    def _tell_number(self) -> None:
        self._notice = None
        self.tell(self.status.state, self.status.message)

    def tell(self, state: State, message: str = "") -> None:
        """Tell viewers how the stream is now."""
        self.status = Status(state, message, len(self.viewers))
        is_live = state is State.LIVE
        if not is_live:
            self.moment = None
        for viewer in self.viewers:
            if not is_live:
                viewer.forget()
            viewer.wake()

    def wanted(self) -> set[PictureForm]:
        """Return the forms of pictures that some viewer would take now."""
        now = time.monotonic()
        return {viewer.form for viewer in self.viewers if viewer.is_due(now)}

    def publish(
        self, taken: float, detections: Detections, jpegs: Mapping[PictureForm, bytes]
    ) -> None:
        """Give each viewer the picture of its form; `taken` is when the frame was."""
        if not self.viewers:
            return  # the last one left while it was worked on
        self._count += 1
        self._rate.tick()
        moment = self.moment = Moment(self._count, taken, detections)
        self._age = moment.age
        pictures = {form: Picture(moment, jpeg) for form, jpeg in jpegs.items()}
        now = time.monotonic()
        for viewer in self.viewers:
            if (picture := pictures.get(viewer.form)) and viewer.is_due(now):
                viewer.offer(picture, now)

    @property
    def fps(self) -> float:
        """Pictures a second, whoever gets them."""
        return self._rate.per_second if self.moment else 0.0

    @property
    def age(self) -> float | None:
        """Seconds from the newest frame's coming to its picture's going out."""
        return self._age if self.moment else None
