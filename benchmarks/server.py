"""The whole server, as it is started by hand, with webcams on it: until it is full, and beyond."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

from rich.progress import Progress

from benchmarks import load
from benchmarks.aside import Aside
from benchmarks.clip import QUALITY, Clip, to_and_fro
from benchmarks.limit import milliseconds
from benchmarks.load import Plan, Served
from benchmarks.report import Table, number
from benchmarks.stream import ALL
from tests.server import RunningServer, serve

MOST_AGE_MS = 250
"""The age of a picture (95% of them) up to which a server holds its webcams."""
CAMERA_FPS = 30
"""Frames a second of the webcam that is only decoded and encoded, as video calls have them."""

Kind = Literal["steady", "overload"]
_MARKS: dict[Kind, str] = {"steady": "", "overload": ", twice"}


@dataclass(frozen=True, slots=True)
class Stay:
    """Frames a second of a webcam, how long webcams stay in each run, in seconds, and how many
    there are at the most."""

    fps: float = 10.0
    steady: float = 6.0
    overload: float = 30.0
    most: int = 256


@dataclass(frozen=True, slots=True)
class Run:
    """So many webcams, at so many frames a second each, for so many seconds."""

    webcams: int
    fps: float
    seconds: float
    kind: Kind = "steady"
    detectors: tuple[str, ...] = ALL


@dataclass(frozen=True, slots=True)
class ServerRow:
    """A run and what came out; `ratio` is the CPU of the server process for a frame that it
    answered, to the limit."""

    server: str
    run: Run
    served: Served
    limit_ms: float
    ratio: float | None


class Bench:
    """Runs webcams against a server, from another process, and the limit before and after."""

    def __init__(self, made: Sequence[bytes], width: int, progress: Progress) -> None:
        """Use these pictures, that wide, each with its number in it."""
        self._made = made
        self._width = width
        self._aside = Aside("server", progress, load.use, made)

    def close(self) -> None:
        self._aside.close()

    def run(self, name: str, server: RunningServer, run: Run) -> ServerRow:
        """Run webcams against the server and return what they got."""
        url = f"{server.socket}?detectors={','.join(run.detectors)}"
        plan = Plan(url, server.process.pid, run.webcams, run.fps, run.seconds, self._width)
        before = milliseconds(self._made)
        told = f"{name}, {run.webcams} webcams, {run.kind}"
        served = self._aside.run(load.run, plan, load.WARM_UP_SECONDS + plan.seconds, told)
        limit_ms = (before + milliseconds(self._made)) / 2
        ratio = served.cpu_ms / limit_ms if served.cpu_ms else None
        return ServerRow(name, run, served, limit_ms, ratio)


def until_full(bench: Bench, name: str, server: RunningServer, stay: Stay) -> Iterator[ServerRow]:
    """Yield runs of 1, 2, 4, ... webcams until their pictures are too old, then one of twice as
    many as were held."""
    webcams, held = 1, 1
    while webcams <= stay.most:
        row = bench.run(name, server, Run(webcams, stay.fps, stay.steady))
        yield row
        if not is_held(row.served):
            break
        held = webcams
        webcams *= 2
    yield bench.run(name, server, Run(2 * held, stay.fps, stay.overload, "overload"))


def is_held(served: Served) -> bool:
    """Return whether the webcams' pictures came back in time."""
    return served.age_p95_ms is not None and served.age_p95_ms <= MOST_AGE_MS


def measure(
    source: Clip, width: int, servers: Sequence[str], stay: Stay, progress: Progress
) -> list[ServerRow]:
    """Measure each server: full, too full, and with one webcam that nothing is searched in."""
    bare = Run(1, CAMERA_FPS, stay.steady, detectors=())
    longest = ((stay.steady, stay.fps), (stay.overload, stay.fps), (bare.seconds, bare.fps))
    count = max(load.pictures_needed(seconds, fps) for seconds, fps in longest)
    made = load.pictures(to_and_fro(source.frames(width)), count, QUALITY)
    bench = Bench(made, width, progress)
    # Nobody is to be turned away at the door: what is measured is behind it.
    door = {"STREAMER_MAX_SESSIONS": str(2 * stay.most)}
    rows: list[ServerRow] = []
    try:
        for name in servers:
            with (
                TemporaryDirectory() as folder,
                serve(Path(folder), "--server", name, **door) as server,
            ):
                rows.append(bench.run(name, server, bare))
                rows += until_full(bench, name, server, stay)
    finally:
        bench.close()
    return rows


def table(rows: Sequence[ServerRow]) -> Table:
    """Return the rows as a table to be read."""
    return Table(
        "Server with webcams, until their pictures are too old, then twice as many as were held",
        "back/s: frames answered, of all webcams. p50, p95: age of the pictures that came back, "
        f"in ms; held up to {MOST_AGE_MS}. end: p50 in the last {load.LAST_SECONDS:g} s. least: "
        "frames of the least served webcam to the mean. open: sockets at the end. CPU: of the "
        "server, in ms a frame answered. MB: its memory. load: cores that the webcams took.",
        [
            *("server", "detectors", "cams", "fps", "back/s", "p50", "p95", "end"),
            *("least", "open", "CPU", "x limit", "MB", "load"),
        ],
        [
            [
                row.server,
                ("all" if row.run.detectors else "none") + _MARKS[row.run.kind],
                str(row.run.webcams),
                number(row.run.fps),
                number(row.served.answered_per_second, 1),
                number(row.served.age_p50_ms),
                number(row.served.age_p95_ms),
                number(row.served.last_age_p50_ms),
                number(row.served.fairness, 2),
                str(row.served.open_sockets),
                number(row.served.cpu_ms, 1),
                number(row.ratio, 1),
                number(row.served.rss_mb),
                number(row.served.load_cores, 2),
            ]
            for row in rows
        ],
    )
