"""`python -m benchmarks`: measures VideoStream on this machine."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from benchmarks import cameras, faces, pipeline, report, server
from benchmarks.clip import Clip
from benchmarks.limit import Effort
from benchmarks.report import Table
from streamer.servers import SERVERS

DEFAULT_FILE = Path("var/benchmark.json")
"""In the folder for what the program makes, which git ignores."""
MOST_FPS = 120
"""Frames a second that a webcam may have: there are numbers for half a minute of them."""


@dataclass(frozen=True, slots=True)
class Part:
    """One part of the benchmark: measures, and makes a table of its rows."""

    measure: Callable[[argparse.Namespace, Progress], Sequence[Any]]
    table: Callable[[Any], Table]


def _pipeline(asked: argparse.Namespace, progress: Progress) -> Sequence[Any]:
    effort = Effort(seconds=0.3, min_turns=2) if asked.quick else Effort()
    cases = pipeline.cases(asked.width, quick=asked.quick)
    return pipeline.measure(_clip(asked), cases, asked.fps, effort, progress)


def _faces(asked: argparse.Namespace, progress: Progress) -> Sequence[Any]:
    return faces.measure(_clip(asked), asked.width, asked.fps, progress, quick=asked.quick)


def _server(asked: argparse.Namespace, progress: Progress) -> Sequence[Any]:
    stay = (
        server.Stay(asked.fps, steady=2, overload=4, most=4)
        if asked.quick
        else server.Stay(asked.fps)
    )
    return server.measure(_clip(asked), asked.width, asked.server, stay, progress)


def _cameras(asked: argparse.Namespace, progress: Progress) -> Sequence[Any]:
    audiences, seconds = (cameras.FEW, 2) if asked.quick else (cameras.AUDIENCES, 10)
    return cameras.measure(asked.server, audiences, seconds, progress)


PARTS = {
    "pipeline": Part(_pipeline, pipeline.table),
    "faces": Part(_faces, faces.table),
    "server": Part(_server, server.table),
    "cameras": Part(_cameras, cameras.table),
}


def _clip(asked: argparse.Namespace) -> Clip:
    return Clip(asked.clip, 60 if asked.quick else 120)


def arguments() -> argparse.ArgumentParser:
    """Return what the command line takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "parts", nargs="*", metavar="PART", help=f"any of {', '.join(PARTS)} (default: all)"
    )
    parser.add_argument("--clip", type=Path, metavar="FILE", help="a video to measure on")
    parser.add_argument("--quick", action="store_true", help="fewer rows, rougher figures")
    parser.add_argument(
        "--json",
        type=Path,
        default=DEFAULT_FILE,
        metavar="FILE",
        help="where all figures go (default: %(default)s)",
    )
    parser.add_argument(
        "--width", type=int, default=640, help="pixels of the pictures (default: %(default)s)"
    )
    parser.add_argument(
        "--fps", type=float, default=10, help="frames a second of a webcam (default: %(default)s)"
    )
    parser.add_argument(
        "--server",
        nargs="+",
        choices=list(SERVERS),
        default=list(SERVERS),
        help="servers to measure (default: both)",
    )
    return parser


def read(given: Sequence[str] | None) -> argparse.Namespace:
    """Return what the command line asks for; leaves with a message where it cannot be done."""
    parser = arguments()
    asked = parser.parse_args(given)
    asked.parts = asked.parts or list(PARTS)
    if unknown := set(asked.parts) - set(PARTS):
        parser.error(f"expected parts among {', '.join(PARTS)}; came {', '.join(sorted(unknown))}")
    if not 320 <= asked.width <= 1920:
        parser.error(f"expected a width of 320 to 1920, came {asked.width}")
    if not 1 <= asked.fps <= MOST_FPS:
        parser.error(f"expected 1 to {MOST_FPS} frames a second, came {asked.fps:g}")
    try:
        next(_clip(asked).frames(asked.width))
    except ValueError as error:
        parser.error(str(error))
    return asked


def main(given: Sequence[str] | None = None, console: Console | None = None) -> None:
    """Measure what the command line asks for; show tables and write the JSON file."""
    asked = read(given)
    # Eighty columns, as for a pipe by default, would cut the tables.
    console = console or Console(width=None if sys.stdout.isatty() else 120)
    bar = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    found: dict[str, Sequence[Any]] = {}
    # Drawn between two measurements, never during one.
    with Progress(*bar, console=console, auto_refresh=False, transient=True) as progress:
        for name in asked.parts:
            found[name] = PARTS[name].measure(asked, progress)
            PARTS[name].table(found[name]).show(console)
    parameters = vars(asked) | {"clip": _clip(asked).name, "json": str(asked.json)}
    report.write(asked.json, report.document(parameters, found))
    console.print(f"All figures are in {asked.json}.")


if __name__ == "__main__":
    main()
