"""Settings of a site that runs under libfaketime, which tells it another time of day."""

import select
import time

from VideoStream.settings import *  # noqa: F403


def sleep(seconds: float) -> None:
    """Sleep as time.sleep does: that asks for an absolute time of the clock that counts on, which
    libfaketime 0.9.10 takes for one of its own making."""
    select.select([], [], [], seconds)


time.sleep = sleep  # type: ignore[assignment]
