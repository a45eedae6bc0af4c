"""Who gets how much, and how many pictures are on their way, for any demands and answers."""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence

from streamer.pool import fair_level
from streamer.window import LARGEST, SMALLEST, Window

CLOSE = 1e-9
"""How exact sums of floating-point numbers are, as a share of them."""

Step = tuple[str, float]
"""What happens: "sent"; "acked", how many before the newest; "wait", seconds."""


def target(data: bytes) -> None:
    """Try the bytes as a capacity and demands, and as what happens to a window."""
    numbers = [abs(number) for (number,) in struct.iter_unpack("<d", data[: len(data) // 8 * 8])]
    capacity, *demands = [min(n, 1e9) if math.isfinite(n) else 1.0 for n in numbers] or [1.0]
    try_level(demands, capacity)
    try_window(_steps(data))


def try_level(demands: Sequence[float], capacity: float) -> float:
    """Return the fair level; fail where it is not that of max-min fairness."""
    level = fair_level(demands, capacity)
    given = [min(demand, level) for demand in demands]
    slack = CLOSE * max(capacity, 1e-300)
    assert level >= 0
    assert sum(given) <= capacity + slack, "more is given than there is"
    if sum(demands) <= capacity - slack:
        assert given == list(demands), "there is enough, and somebody lacks it"
    elif any(demand > level for demand in demands):
        assert sum(given) >= capacity - slack, "somebody lacks what is left over"
    return level


def try_window(steps: Iterable[Step]) -> Window:
    """Return the window after the steps; pictures are sent only while it is open."""
    now, last = 0.0, 0
    window = Window(lambda: now)
    for step, amount in steps:
        if step == "wait":
            now += amount
        elif step == "sent":
            if window.is_open:
                last += 1
                window.sent(last)
        elif amount < 0:
            _check_refused(window, last)
        else:
            window.acked(last - int(amount))
        assert SMALLEST <= window.size <= LARGEST, window.size
    window.acked(last)
    assert window.is_open, "all have arrived, and none may be sent"
    return window


def _check_refused(window: Window, last: int) -> None:
    """Fail where what was never sent may be acknowledged, or changes anything."""
    before = window.size, window.is_open
    try:
        window.acked(last + 1)
    except ValueError:
        assert before == (window.size, window.is_open)
    else:
        raise AssertionError(f"acknowledged {last + 1}, which was not sent")


def _steps(data: bytes) -> Iterator[Step]:
    """Yield what the bytes stand for, one each."""
    for byte in data:
        kind, amount = byte & 3, byte >> 2
        if kind == 0:
            yield "wait", amount / 8
        elif kind == 1:
            yield "acked", float(amount % 20 - 1)
        else:
            yield "sent", 0.0
