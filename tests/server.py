"""The real server, started as a user starts it."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60


@dataclass
class RunningServer:
    """A server that listens: its page, what it said when it started, and its process."""

    url: str
    said: str
    process: subprocess.Popen[str]
    log_file: Path

    @property
    def socket(self) -> str:
        return self.url.replace("http", "ws", 1)

    @property
    def port(self) -> int:
        return int(self.url.rstrip("/").rpartition(":")[2])

    @property
    def memory(self) -> int:
        """Return the resident memory of the process in bytes, as Linux tells it."""
        return int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1]) * 4096

    @property
    def files(self) -> int:
        """Return how many files and sockets the process has open, as Linux tells it."""
        return len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))

    @property
    def threads(self) -> int:
        """Return how many threads the process has, as Linux tells it."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    @property
    def log(self) -> str:
        return self.log_file.read_text()


@contextmanager
def serve(folder: Path, *arguments: str, **environ: str) -> Iterator[RunningServer]:
    """Run `manage.py serve` with warnings as errors on a free port; files go into `folder`."""
    environment = os.environ | {
        # Not the tests' own, whose database no other process sees.
        "DJANGO_SETTINGS_MODULE": "VideoStream.settings",
        "DJANGO_SECRET_KEY": "only-for-tests",
        "DATABASE_URL": f"sqlite:///{folder / 'db.sqlite3'}",
        # All clients come from one address.
        "STREAMER_HANDSHAKES_PER_MINUTE": "100000",
        "STREAMER_MAX_SESSIONS_PER_ADDRESS": "1000",
        **environ,
    }
    log_file = folder / "stderr"
    # ServeStatic leaves a file to be closed by its last reference where the client hangs up early.
    warnings = ["-W", "error", "-W", "ignore::ResourceWarning"]
    command = [sys.executable, *warnings, "manage.py", "serve", "--port", "0", *arguments]
    with (
        log_file.open("w") as log,
        subprocess.Popen(
            command, cwd=ROOT, env=environment, text=True, stdout=subprocess.PIPE, stderr=log
        ) as process,
    ):
        try:
            yield RunningServer(*_listening(process, log_file), process, log_file)
        finally:
            process.terminate()
            process.wait(START_SECONDS)


def _listening(process: subprocess.Popen[str], log_file: Path) -> tuple[str, str]:
    """Return URL and welcome of a server, once it listens; it says what to do last."""
    said = ""
    assert process.stdout
    hangs = Timer(START_SECONDS, process.kill)
    hangs.start()
    try:
        for line in process.stdout:
            said += line
            if "press Start" in line:
                match = re.search(r"https?://\S+/", said)
                assert match, said
                return match[0], said
    finally:
        hangs.cancel()
    raise RuntimeError(f"the server did not start: {said}{log_file.read_text()}")
