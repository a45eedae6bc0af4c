"""The process in which a load runs, beside the one that shows how far it is."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, wait
from typing import Any, TypeVar

from rich.progress import Progress

P = TypeVar("P")
T = TypeVar("T")


class Aside:
    """Runs one load after another in a process of its own."""

    def __init__(
        self, part: str, progress: Progress, prepare: Callable[..., None] | None = None, *given: Any
    ) -> None:
        """Show progress under the name of the part; `prepare(*given)` is called there first."""
        self._part = part
        self._progress = progress
        self._task = progress.add_task(part, total=None)
        # Started anew, not forked: a copy of this process would have threads cut off.
        anew = multiprocessing.get_context("spawn")
        self._process = ProcessPoolExecutor(1, anew, initializer=prepare, initargs=given)

    def close(self) -> None:
        self._process.shutdown()

    def run(self, load: Callable[[P], T], plan: P, seconds: float, told: str) -> T:
        """Return what the load, a function of a module, makes of its plan in about so many
        seconds."""
        self._progress.reset(self._task, total=seconds, description=f"{self._part}: {told}")
        running = self._process.submit(load, plan)
        while not wait([running], timeout=0.5).done:
            self._progress.advance(self._task, 0.5)
            self._progress.refresh()
        self._progress.update(self._task, completed=seconds)
        return running.result()
