"""Damaged pictures: each is decoded or refused, in little time and memory, by one that lives on."""

from __future__ import annotations

import json
import mmap
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import psutil

from fuzz.gate import try_picture
from fuzz.seeds import pictures
from streamer.types import Limits

ROOT = Path(__file__).parents[1]
MOST_SECONDS = 0.25
"""Processor time that a picture may take, in all its forms; other work does not count."""
MOST_BYTES = 256 << 20
"""Memory that the process may take beyond what it has when the first picture comes."""
MARKERS = (0x00, 0x01, 0xC0, 0xC1, 0xC2, 0xC4, 0xD0, 0xD8, 0xD9, 0xDA, 0xDB, 0xDC, 0xDD, 0xE0, 0xFE)
LENGTHS = (0, 1, 2, 3, 8, 17, 255, 640, 2048, 2049, 0x7FFF, 0xFFE0, 0xFFFF)


@dataclass
class Tally:
    """What came of the pictures; `faults` has number and reason of those that none should be."""

    decoded: int = 0
    refused: int = 0
    slowest_ms: float = 0.0
    slowest: int = 0
    faults: list[tuple[int, str]] = field(default_factory=list)

    def __str__(self) -> str:
        """Return one line for people."""
        return (
            f"{self.decoded + self.refused} damaged pictures: {self.decoded} decoded, "
            f"{self.refused} refused, {len(self.faults)} faults; the slowest, number "
            f"{self.slowest}, took {self.slowest_ms:.1f} ms"
        )


def damaged(number: int) -> bytes:
    """Return the damaged picture of this number, always the same."""
    chance = random.Random(number)  # noqa: S311 - it shall be the same again
    seeds = _seeds()
    jpeg = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        # Half the damage goes to the header, which is a small part of a picture.
        end = jpeg.find(b"\xff\xda") + 16 if chance.random() < 0.5 else len(jpeg)
        _damage(jpeg, chance.randrange(max(end, 1)), chance, seeds)
    return bytes(jpeg)


def _damage(jpeg: bytearray, at: int, chance: random.Random, seeds: Sequence[bytes]) -> None:
    """Do one of the things that go wrong, or that somebody does on purpose."""
    part = bytes(jpeg[at : at + chance.choice((1, 4, 16, 64, 1024))])
    match chance.randrange(10):
        case 0:
            jpeg[at : at + 1] = bytes([chance.randrange(256)])
        case 1:
            del jpeg[at:]
        case 2:
            del jpeg[at : at + len(part)]
        case 3:
            jpeg[at:at] = part * chance.choice((1, 2, 50))
        case 4:
            jpeg[at:at] = bytes([0xFF, chance.choice(MARKERS)])
        case 5:
            other = chance.choice(seeds)
            jpeg[at:] = other[chance.randrange(len(other)) :]
        case 6:
            jpeg[at : at + 2] = chance.choice(LENGTHS).to_bytes(2)
        case 7 if (frame := jpeg.find(b"\xff\xc0")) >= 0:
            jpeg[frame + 5 : frame + 9] = b"".join(
                chance.choice(LENGTHS).to_bytes(2) for _ in range(2)
            )
        case 8 if (scan := jpeg.find(b"\xff\xda")) >= 0:
            one_colour = b"\xff\xda\x00\x08\x01\x01\x00\x00\x3f\x00"
            end_inside = b"\xff\xe1\x00\x06\xff\xd9\x00\x00" * chance.randrange(2)
            jpeg[scan:scan] = one_colour + end_inside + one_colour * chance.choice((0, 3, 2000))
        case 9 if (scan := jpeg.find(b"\xff\xda")) >= 0:
            # Another header, within what is a segment to who takes its first bytes for a length.
            inside = chance.choice(seeds)[2 : scan + 14]
            inside = inside.ljust(int.from_bytes(inside[:2]), b"\0")
            jpeg[2:2] = bytes([0xFF, chance.choice(MARKERS)]) + inside


@cache
def _seeds() -> list[bytes]:
    return pictures()


def try_all(first: int, count: int, seconds: float) -> Tally:
    """Return what came of so many damaged pictures, tried in a process of its own."""
    with tempfile.NamedTemporaryFile() as progress:
        progress.write(bytes(8))
        progress.flush()
        ran = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "fuzz.pictures", progress.name, str(first), str(count)],
            cwd=ROOT, capture_output=True, text=True, timeout=seconds, check=False,
        )  # fmt: skip
        if ran.returncode:
            number = int.from_bytes(Path(progress.name).read_bytes(), "little")
            why = f"the process ended with {ran.returncode}: {ran.stderr[-2000:]}"
            return Tally(faults=[(number, why)])
    told: dict[str, Any] = json.loads(ran.stdout)
    return Tally(**told)


def _limit_memory() -> None:
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return
    most = psutil.Process().memory_info().vms + MOST_BYTES
    resource.setrlimit(resource.RLIMIT_AS, (most, most))


def _try_each(progress: str, first: int, count: int) -> Tally:
    """Return what came of them; `progress` is the file that has the number of the one in work."""
    tally, limits = Tally(), Limits()
    _seeds()
    _limit_memory()
    with Path(progress).open("r+b") as file, mmap.mmap(file.fileno(), 8) as current:
        for number in range(first, first + count):
            current[:] = number.to_bytes(8, "little")
            jpeg = damaged(number)
            start = time.process_time()
            try:
                decoded = try_picture(jpeg, limits)
            except Exception as fault:  # whatever it is, it is told
                tally.faults.append((number, repr(fault)))
                continue
            seconds = time.process_time() - start
            tally.decoded += decoded
            tally.refused += not decoded
            if seconds * 1000 > tally.slowest_ms:
                tally.slowest, tally.slowest_ms = number, seconds * 1000
            if seconds > MOST_SECONDS:
                tally.faults.append((number, f"took {seconds * 1000:.0f} ms"))
    return tally


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(_try_each(sys.argv[1], int(sys.argv[2]), int(sys.argv[3])))))
