"""Keeps one camera going, in a thread of its own."""

from __future__ import annotations

import logging
import random
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import closing

from streamer.errors import SourceError, SourceTimeoutError
from streamer.types import Frame, FrameSource, State

logger = logging.getLogger(__name__)

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds before a camera is opened again, from the first time that it fails on; twice as long each
time."""
JITTER = 0.25
"""Share by which a pause may be longer: cameras that failed together do not come back together."""
STEADY_SECONDS = 5.0
"""A camera that gave pictures for so long begins with the shortest pause again."""
PROBE_SECONDS = 1.0
"""How often a camera that is away is asked whether it is back."""
KNOWN_TROUBLES = 8
"""How many different troubles are logged once instead of each time."""


def pauses() -> Iterator[float]:
    """Yield the seconds to wait before each next attempt."""
    pause = SHORTEST_PAUSE
    while True:
        yield min(pause * random.uniform(1, 1 + JITTER), LONGEST_PAUSE)  # noqa: S311, no secret
        pause = min(2 * pause, LONGEST_PAUSE)


class Feed:
    """Opens a camera, reads it as fast as it sends, and opens it anew when it fails.

    All three callbacks are called in the thread: `on_frame` with each frame, `on_state` with what
    the camera is now and why, and `on_end` as the last.
    """

    def __init__(
        self,
        name: str,
        make: Callable[[], FrameSource],
        on_frame: Callable[[Frame], None],
        on_state: Callable[[State, str], None],
        on_end: Callable[[], None],
    ) -> None:
        self._name = name
        self._make = make
        self._on_frame = on_frame
        self._on_state = on_state
        self._on_end = on_end
        self._stopping = threading.Event()
        self._was_live = False
        self._live_since = self._live_seconds = 0.0
        self._was_there = True
        self._logged: deque[str] = deque(maxlen=KNOWN_TROUBLES)
        # A device that hangs must not keep the process from ending.
        self._thread = threading.Thread(target=self._run, name=f"camera {name}", daemon=True)

    def start(self) -> None:
        """Begin, in a thread."""
        self._thread.start()

    def stop(self) -> None:
        """Have it end once the camera's next frame has come, or its time-out."""
        self._stopping.set()

    def join(self) -> None:
        """Wait for the thread, which is over after `on_end`."""
        self._thread.join()

    def _run(self) -> None:
        try:
            self._on_state(State.OPENING, "")
            pause = pauses()
            while not self._stopping.is_set():
                trouble = self._attempt()
                if self._stopping.is_set():
                    break
                self._tell(trouble)
                if self._live_seconds > STEADY_SECONDS:
                    pause = pauses()
                if self._rest(next(pause)):
                    pause = pauses()
        finally:
            self._on_end()

    def _attempt(self) -> Exception | None:
        """Open the camera and read it until it fails; return why, None where it is to stop."""
        self._was_live = False
        self._live_seconds = 0.0
        try:
            with closing(self._make()) as source:
                source.open()
                while not self._stopping.is_set():
                    self._pass_on(source.read())
        except Exception as error:  # a driver may fail in any way: it is told, and tried again
            return error
        return None

    def _pass_on(self, frame: Frame) -> None:
        now = time.monotonic()
        if not self._was_live:
            self._live_since = now
            self._was_live = self._was_there = True
            self._logged.clear()
            self._on_state(State.LIVE, "")
        self._live_seconds = now - self._live_since
        self._on_frame(frame)

    def _tell(self, trouble: Exception | None) -> None:
        words = "The camera failed. The server's log says why."
        if isinstance(trouble, SourceError):
            words = str(trouble)
        self._log(trouble)
        frozen = self._was_live and isinstance(trouble, SourceTimeoutError)
        self._on_state(State.FROZEN if frozen else State.FAILED, f"{words} Trying again.")

    def _log(self, trouble: Exception | None) -> None:
        """Log a trouble, with its traceback where it is none that cameras tell of; the same one
        not again until the camera has been live."""
        said = repr(trouble)
        if said in self._logged:
            return
        self._logged.append(said)
        if isinstance(trouble, SourceError):
            logger.warning("camera %s: %s", self._name, trouble)
        else:
            logger.error("camera %s failed", self._name, exc_info=trouble)

    def _rest(self, seconds: float) -> bool:
        """Wait before the next attempt, until the camera answers that did not, or it is to stop;
        return whether it is back.

        What it last answered is kept from rest to rest: it may come back while an attempt that
        began too early still fails.
        """
        now = time.monotonic()
        end = now + seconds
        while now < end:
            was_there, self._was_there = self._was_there, self._is_there()
            if self._was_there and not was_there:
                return True
            next_probe = min(now + PROBE_SECONDS, end)
            if self._stopping.wait(next_probe - time.monotonic()):
                break
            now = time.monotonic()
        return False

    def _is_there(self) -> bool:
        try:
            return self._make().answers()
        except Exception as error:
            self._log(error)
            return False
