"""What came out: tables to the terminal, and all of it as JSON."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import psutil
import rich.table
from rich import box
from rich.console import Console

PACKAGES = (
    "ai-edge-litert",
    "channels",
    "daphne",
    "Django",
    "dlib-bin",
    "numpy",
    "opencv-python-headless",
    "simplejpeg",
    "uvicorn",
    "websockets",
)
"""Those whose speed is measured."""


@dataclass(frozen=True, slots=True)
class Table:
    """Columns and rows of text, and a note below that tells what the columns are."""

    title: str
    note: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]

    def show(self, console: Console) -> None:
        shown = rich.table.Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False)
        for place, name in enumerate(self.columns):
            words = any(row[place][:1].isalpha() for row in self.rows)
            shown.add_column(name, justify="left" if words else "right", no_wrap=True)
        for row in self.rows:
            shown.add_row(*row)
        console.print(self.title, style="bold", highlight=False)
        console.print(shown)
        console.print(self.note, "\n", style="dim", highlight=False)


def number(value: float | None, digits: int = 0) -> str:
    """Return a number as text, nothing where there is none."""
    return "" if value is None else f"{value:.{digits}f}"


def machine() -> dict[str, Any]:
    """Return what the figures depend on: the processor, its cores, Python, versions."""
    return {
        "cpu": _cpu_model(),
        "cores": os.cpu_count(),
        "memory_mb": round(psutil.virtual_memory().total / 1e6),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
    }


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:  # elsewhere than on Linux
        return platform.processor()
    models = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(models, platform.machine())


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def document(parameters: Mapping[str, Any], parts: Mapping[str, Sequence[Any]]) -> dict[str, Any]:
    """Return all of a run: machine, date, parameters, and the rows (dataclasses) of each part."""
    return {
        "machine": machine(),
        "date": datetime.now().astimezone().isoformat(timespec="seconds"),
        "parameters": dict(parameters),
        **{name: [asdict(row) for row in rows] for name, rows in parts.items()},
    }


def write(file: Path, told: Mapping[str, Any]) -> None:
    """Write a run as JSON; the folder is made where it is missing."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(told, indent=1) + "\n")
