"""Runs the real server for minutes or hours with webcams and viewers that come and go: `make soak`.

    python -m soak                           three minutes a server
    python -m soak --hours 8 --server daphne
    python -m soak --hostile                 honest webcams beside each hostile thing in turn

The status is 1 where an honest client missed anything, or where the server was not as before when
all had left.
"""

from __future__ import annotations

import argparse
import asyncio
import secrets
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from soak import rivals, run, site
from soak.run import Row, Soak, Stay
from streamer.servers import SERVERS
from tests.hostile import ACTS

MOST_TOLD = 20
"""Faults that are told of each server."""


def arguments() -> argparse.ArgumentParser:
    """Return what the command line takes."""
    parser = argparse.ArgumentParser(
        "python -m soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--minutes", type=float, default=3.0, help="at each server")
    length.add_argument("--hours", type=float, help="at each server")
    parser.add_argument(
        "--server", nargs="+", choices=list(SERVERS), default=list(SERVERS), help="default: both"
    )
    parser.add_argument("--seed", help="who comes when, as an earlier run printed it")
    parser.add_argument("--hostile", action="store_true", help="measure each hostile thing")
    parser.add_argument("--acts", nargs="+", choices=list(ACTS), metavar="ACT", default=list(ACTS))
    parser.add_argument("--seconds", type=float, default=5.0, help="for each of those")
    parser.add_argument(
        "--pause", type=float, default=rivals.PAUSE, help="seconds from one to the next of a kind"
    )
    return parser


def soak(asked: argparse.Namespace, console: Console) -> list[str]:
    """Have crowds at the servers; show the table, and return what was missed."""
    seconds = 3600 * asked.hours if asked.hours else 60 * asked.minutes
    seed = asked.seed or secrets.token_hex(4)
    console.print(f"--seed {seed}", highlight=False)
    made = run.pictures()
    rows: list[Row] = []

    def say(line: str) -> None:
        console.print(line, highlight=False)

    for name in asked.server:
        with site.opened(name) as opened:
            stay = Stay(seconds, seed, warm_up=min(run.WARM_UP_SECONDS, seconds))
            rows.append(asyncio.run(Soak(opened, stay, made, say).run()))
    run.table(rows).show(console)
    return [f"{row.server}: {each}" for row in rows for each in row.missed[:MOST_TOLD]]


def try_hostile(asked: argparse.Namespace, console: Console) -> list[str]:
    """Measure what hostile clients do to honest ones; show the table, and return what they did."""
    bar = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*bar, console=console, auto_refresh=False, transient=True) as progress:
        rows = rivals.measure(asked.server, asked.acts, asked.seconds, asked.pause, progress)
    rivals.table(rows).show(console)
    return rivals.missed(rows)


def main(given: Sequence[str] | None = None, console: Console | None = None) -> bool:
    """Do what the command line asks for, and return whether nothing was missed."""
    asked = arguments().parse_args(given)
    # Eighty columns, as for a pipe by default, would cut the tables.
    console = console or Console(width=None if sys.stdout.isatty() else 160)
    missed = try_hostile(asked, console) if asked.hostile else soak(asked, console)
    for each in missed:
        console.print(f"missed: {each}", style="red", highlight=False, markup=False)
    return not missed


if __name__ == "__main__":
    sys.exit(not main())
