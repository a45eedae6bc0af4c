"""What the figures of a run are made of."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import psutil


@dataclass(frozen=True, slots=True)
class Spent:
    """A moment, and the seconds of CPU that the server and this process have used until then, all
    threads; the server's memory at that moment in 10^6 bytes."""

    time: float
    server: float
    own: float
    rss_mb: float

    @staticmethod
    def until_now(server: psutil.Process) -> Spent:
        used = server.cpu_times()
        memory = server.memory_info().rss / 1e6
        return Spent(time.perf_counter(), used.user + used.system, time.process_time(), memory)


def percentile_ms(ages: Sequence[float], percent: float) -> float | None:
    """Return a percentile of ages in seconds, as milliseconds; None where there are none."""
    return float(np.percentile(ages, percent)) * 1e3 if ages else None
