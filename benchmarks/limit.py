"""The limit: the least that any server which takes and returns JPEG has to do with a frame.

It is simplejpeg's fastest decode to blue-green-red and an encode at quality 70, 4:2:0, of the same
frames. Whatever is measured takes turns with it, so that a slow or a busy machine slows both alike
and their ratio holds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle, islice
from statistics import median

import simplejpeg

Work = Callable[[bytes], object]
"""What is done to one frame, a JPEG."""

# CPU time of all threads, so that what else the machine does counts little and a hidden thread
# counts. Windows tells it in steps of 16 ms, longer than some blocks take.
_clock = time.perf_counter if sys.platform == "win32" else time.process_time

WARM_UP = 40
"""Frames before the first that counts: motion builds its background in 32, weights are loaded."""


@dataclass(frozen=True, slots=True)
class Effort:
    """How long to measure: `seconds` for each row, in blocks of `block` frames.

    A block is as long as the longest time after which a detector repeats itself, so that each
    block holds as many of the dear frames: 5 s at 10 frames a second, when the whole picture is
    searched again for faces.
    """

    seconds: float = 2.0
    block: int = 50
    min_turns: int = 3


@dataclass(frozen=True, slots=True)
class Measured:
    """Milliseconds of work and of the limit a frame, and work / limit: medians over the turns."""

    ratio: float
    ms: float
    limit_ms: float
    frames: int


def limit(jpeg: bytes) -> bytes:
    """Decode and encode one frame."""
    bgr = simplejpeg.decode_jpeg(jpeg, "BGR", fastdct=True, fastupsample=True)
    encoded: bytes = simplejpeg.encode_jpeg(
        bgr, quality=70, colorspace="BGR", colorsubsampling="420"
    )
    return encoded


def against_limit(work: Work, jpegs: Sequence[bytes], effort: Effort) -> Measured:
    """Measure `work` and the limit in turns, on the same frames, each turn in the other order."""
    frames = cycle(jpegs)
    _timed(work, list(islice(frames, WARM_UP)))
    _timed(limit, jpegs[: effort.block])
    pairs: list[tuple[float, float]] = []
    end = time.perf_counter() + effort.seconds
    while len(pairs) < effort.min_turns or time.perf_counter() < end:
        block = list(islice(frames, effort.block))
        if len(pairs) % 2:
            least = _timed(limit, block)
            pairs.append((_timed(work, block), least))
        else:
            pairs.append((_timed(work, block), _timed(limit, block)))
    return Measured(
        ratio=median(work_ms / limit_ms for work_ms, limit_ms in pairs),
        ms=median(work_ms for work_ms, _ in pairs),
        limit_ms=median(limit_ms for _, limit_ms in pairs),
        frames=len(pairs) * effort.block,
    )


def milliseconds(jpegs: Sequence[bytes], blocks: int = 5) -> float:
    """Return what the limit takes a frame: the median over blocks of 40 frames."""
    frames = cycle(jpegs)
    _timed(limit, jpegs[:10])
    return median(_timed(limit, list(islice(frames, 40))) for _ in range(blocks))


def _timed(work: Work, jpegs: Sequence[bytes]) -> float:
    """Return the milliseconds that the work takes a frame."""
    start = _clock()
    for jpeg in jpegs:
        work(jpeg)
    return (_clock() - start) * 1e3 / len(jpegs)
