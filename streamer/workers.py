"""The threads that work is done in; one that does not come back from it is given up."""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from itertools import count
from queue import SimpleQueue
from types import TracebackType
from typing import Any, TypeVar

from streamer.errors import DeadlineError
from streamer.job import TICKS, Job

logger = logging.getLogger(__name__)

T = TypeVar("T")

HUNG = 2
"""Deadlines after which a thread counts as one that hangs; before that it may be slow."""
LOAD_SECONDS = 60.0
"""The deadline of what each thread loads first: slow machines take long for it."""
LEAVE_SECONDS = 1.0
"""How long a thread may take to end what it is at when all end."""


class Worker:
    """A thread, and what it is at."""

    def __init__(self, run: Callable[[Worker], None], name: str) -> None:
        # Not waited for when Python ends: it may hang.
        self.thread = threading.Thread(target=run, args=(self,), name=name, daemon=True)
        self.job: Job[Any] | None = None
        self.is_given_up = False

    @property
    def is_hung(self) -> bool:
        job = self.job
        return self.is_given_up and job is not None and job.age >= HUNG * job.deadline


class Workers:
    """Does work in threads, in the order in which it comes.

    Work that takes longer than the deadline is given up, and its thread is replaced at once. Should
    the thread come back after all, it ends; while it has not after twice the deadline, it is hung.
    When as many hang as there should be threads, they are exhausted, and none is replaced any
    more: there are never more than a few times as many threads.
    """

    def __init__(
        self,
        size: int,
        deadline: float,
        load: Callable[[], None],
        on_exhausted: Callable[[], None],
        clock: Callable[[], float],
    ) -> None:
        """Have so many threads; each calls `load` first, which must not raise. `on_exhausted` is
        called once, on the event loop."""
        self._size = size
        self._deadline = deadline
        self._load = load
        self._on_exhausted = on_exhausted
        self._clock = clock
        self._queue: SimpleQueue[Job[Any] | None] = SimpleQueue()
        self._numbers = count()
        self._active: list[Worker] = []
        self._away: list[Worker] = []
        """Those given up that have not come back."""
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._looked = 0.0
        self._is_over = False
        self.is_loaded = self.is_exhausted = False
        self.given_up = 0
        """Threads that were given up, ever."""

    @property
    def waiting(self) -> int:
        """How many jobs wait for their turn."""
        return self._queue.qsize()

    @property
    def hung(self) -> int:
        """How many threads hang."""
        return sum(worker.is_hung for worker in self._away)

    def start(self) -> None:
        """Start the threads that there should be and are not; on the event loop they are watched
        from now on."""
        with suppress(RuntimeError):  # there is no loop yet
            self._watch(asyncio.get_running_loop())
        self._fill()

    def begin(self, work: Callable[[], T]) -> Job[T]:
        """Return the job that does this work once its turn has come; on the event loop."""
        if self._is_over:
            raise RuntimeError("the threads have ended: nothing can be worked on")
        loop = asyncio.get_running_loop()
        self._watch(loop)
        if not self._active:
            self._fill()
        job = Job(work, self._deadline, loop.create_future())
        self._queue.put(job)
        return job

    def shutdown(self, seconds: float = LEAVE_SECONDS) -> bool:
        """End the threads, after what waits; return whether all have ended within so many
        seconds."""
        self._is_over = True
        for _ in self._active:
            self._queue.put(None)
        end = time.monotonic() + seconds
        threads = [worker.thread for worker in (*self._active, *self._away)]
        for thread in threads:
            thread.join(max(0.0, end - time.monotonic()))
        return not any(thread.is_alive() for thread in threads)

    def _fill(self) -> None:
        while len(self._active) < self._size and not (self.is_exhausted or self._is_over):
            worker = Worker(self._run, f"vision {next(self._numbers)}")
            worker.thread.start()
            self._active.append(worker)

    def _run(self, worker: Worker) -> None:
        """Load, then work until given up or told to end; in the thread."""
        self._do(worker, Job(self._load, LOAD_SECONDS))
        self.is_loaded = self.is_loaded or not worker.is_given_up
        while not worker.is_given_up and self._take_turn(worker):
            pass

    def _take_turn(self, worker: Worker) -> bool:
        """Do the next job; return False where there are no more. A function of its own, so that
        nothing is kept of a job while the thread waits."""
        job = self._queue.get()
        if job is not None and not job.is_unwanted:
            self._do(worker, job)
        return job is not None

    def _do(self, worker: Worker, job: Job[Any]) -> None:
        job.since = self._clock()
        worker.job = job
        job.run(self._clock)
        with self._lock:
            worker.job = None
            is_late = worker.is_given_up
        if job.done and not is_late:
            with suppress(RuntimeError):  # the loop is closed: the process ends
                job.done.get_loop().call_soon_threadsafe(job.tell)

    def _watch(self, loop: asyncio.AbstractEventLoop) -> None:
        """Look at the threads now and then, as long as the loop runs."""
        if loop is not self._loop:
            self._loop = loop
            self._looked = self._clock()
            self._look_later(loop)

    def _look_later(self, loop: asyncio.AbstractEventLoop) -> None:
        # In nobody's context: what is logged here is of no session.
        loop.call_later(self._deadline / TICKS, self._look, loop, context=Context())

    def _look(self, loop: asyncio.AbstractEventLoop) -> None:
        """Let all work age, and give up what is too old."""
        if loop is not self._loop or self._is_over:
            return
        self._look_later(loop)  # whatever goes wrong below
        now = self._clock()
        elapsed, self._looked = now - self._looked, now
        self._away = [worker for worker in self._away if worker.thread.is_alive()]
        for worker in [*self._active, *self._away]:
            if job := worker.job:
                job.grow(elapsed, now)
                if job.age >= job.deadline and not worker.is_given_up:
                    self._give_up(worker, job)
        if self.hung >= self._size and not self.is_exhausted:
            self.is_exhausted = True
            logger.critical("%d threads hang: nothing can be worked on any more", self.hung)
            self._on_exhausted()
        self._fill()

    def _give_up(self, worker: Worker, job: Job[Any]) -> None:
        with self._lock:
            if worker.job is not job:
                return  # it has just come back
            worker.is_given_up = True
        self._active.remove(worker)
        self._away.append(worker)
        self.given_up += 1
        error = DeadlineError(f"Expected at most {job.deadline:g} s of work, came no end to it.")
        error.with_traceback(_position(worker.thread))
        if job.done:
            job.fail(error)
        else:
            logger.error("a thread does not come back from loading", exc_info=error)


def _position(thread: threading.Thread) -> TracebackType | None:
    """Return where a thread is, as the traceback of what it would raise there."""
    frame = sys._current_frames().get(thread.ident or 0)
    trace = None
    while frame is not None:
        trace = TracebackType(trace, frame, frame.f_lasti, frame.f_lineno)
        frame = frame.f_back
    return trace
