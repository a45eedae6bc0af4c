"""Runs the targets, each in a process of its own, then damaged pictures: `make fuzz`.

    python -m fuzz                          all, 30 s a target
    python -m fuzz gate --seconds 600       one target
    python -m fuzz gate FILE …              a finding again, which needs no Atheris
    python -m fuzz pictures --count 1000    damaged pictures only

What is found goes to fuzz/findings/, which git leaves out. The status is 1 where anything was
found, or where a target could not run.
"""

from __future__ import annotations

import argparse
import importlib
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

FOLDER = Path(__file__).parent
FINDINGS = FOLDER / "findings"
TARGETS = ("gate", "wire", "dialects", "pacing")
NO_ATHERIS = (
    "Atheris is not installed: `make fuzz` installs it where there is a wheel, which is Linux on "
    "x86-64 with Python 3.11 to 3.13. The targets do not run here; damaged pictures do."
)


def load(name: str) -> Callable[[bytes], None]:
    """Return the function of a target."""
    found: Callable[[bytes], None] = importlib.import_module(f"fuzz.{name}").target
    return found


def run_target(name: str, seconds: int) -> None:
    """Run one target in this process, which ends with it."""
    try:
        import atheris  # noqa: PLC0415 - there is none for every platform
    except ImportError:
        raise SystemExit(NO_ATHERIS) from None
    # Only our own code is watched for new ways through it; NumPy and OpenCV are as they are.
    with atheris.instrument_imports(include=["streamer", f"fuzz.{name}"]):
        target = load(name)
    findings = FINDINGS / name
    (findings / "corpus").mkdir(parents=True, exist_ok=True)
    options = [
        f"-max_total_time={seconds}", "-timeout=5", "-rss_limit_mb=1024", "-max_len=65536",
        f"-artifact_prefix={findings}/", "-print_final_stats=1", "-verbosity=0",
        # New inputs go to the first folder.
        str(findings / "corpus"), str(FOLDER / "corpus" / name),
    ]  # fmt: skip
    atheris.Setup([sys.argv[0], *options], target)
    atheris.Fuzz()


def run_pictures(count: int) -> bool:
    """Return whether all damaged pictures were decoded or refused; those that were not are kept."""
    from fuzz.pictures import damaged, try_all  # noqa: PLC0415 - it imports what a target watches

    tally = try_all(0, count, seconds=60 + count / 10)
    say(str(tally))
    folder = FINDINGS / "pictures"
    for number, why in tally.faults:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{number}.jpg").write_bytes(damaged(number))
        say(f"{folder / f'{number}.jpg'}: {why}")
    return not tally.faults


def run_all(seconds: int, count: int) -> bool:
    """Return whether nothing was found by any target, nor with damaged pictures."""
    good = True
    for name in TARGETS:
        say(f"{name}: {seconds} s")
        command = [sys.executable, "-m", "fuzz", name, "--seconds", str(seconds)]
        good &= subprocess.run(command, cwd=FOLDER.parent, check=False).returncode == 0  # noqa: S603
    return run_pictures(count) and good


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> bool:
    """Do what the command line asks for, and return whether all was well."""
    parser = argparse.ArgumentParser("python -m fuzz", description="Tries what strangers may send.")
    parser.add_argument("name", nargs="?", choices=(*TARGETS, "pictures"))
    parser.add_argument("files", nargs="*", type=Path, help="findings to try again")
    parser.add_argument("--seconds", type=int, default=30, help="for each target")
    parser.add_argument("--count", type=int, default=100_000, help="of damaged pictures")
    asked = parser.parse_args()
    if asked.name is None:
        return run_all(asked.seconds, asked.count)
    if asked.name == "pictures":
        return run_pictures(asked.count)
    for file in asked.files:
        load(asked.name)(file.read_bytes())
    if not asked.files:
        run_target(asked.name, asked.seconds)
    return True


if __name__ == "__main__":
    sys.exit(not main())
