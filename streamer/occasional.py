"""What may happen with every frame, and is logged now and then."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable

SECONDS = 60.0


class OccasionalLog:
    """Logs the same trouble once in a while, and how often it came meanwhile; from any thread."""

    def __init__(
        self,
        logger: logging.Logger,
        seconds: float = SECONDS,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Log at most once in `seconds`; `clock` tells seconds and never goes back."""
        self._logger = logger
        self._seconds = seconds
        self._clock = clock
        self._last: dict[str, float] = {}
        self._untold: Counter[str] = Counter()
        self._lock = threading.Lock()

    def tell(self, trouble: str, error: BaseException) -> None:
        """Log a trouble with the traceback of an error, if it is time to. Of troubles there must be
        few: they are kept."""
        self._log(logging.ERROR, trouble, error)

    def say(self, trouble: str) -> None:
        """Log a trouble that is nobody's fault here, likewise."""
        self._log(logging.WARNING, trouble, None)

    def _log(self, level: int, trouble: str, error: BaseException | None) -> None:
        now = self._clock()
        with self._lock:
            if now - self._last.get(trouble, -self._seconds) < self._seconds:
                self._untold[trouble] += 1
                return
            self._last[trouble] = now
            untold = self._untold.pop(trouble, 0)
        again = f" ({untold} times more since it was last told)" if untold else ""
        self._logger.log(level, "%s%s", trouble, again, exc_info=error)
