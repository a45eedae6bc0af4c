"""How many arenas the allocator has, in a process of its own."""

import os
import subprocess
import sys

import pytest

from tests.server import ROOT

PROGRAM = """
import ctypes, sys, threading
from streamer import arenas

if sys.argv[1] != "0":
    arenas.limit(int(sys.argv[1]))
libc = ctypes.CDLL(None)
libc.fdopen.restype = ctypes.c_void_p
barrier = threading.Barrier(9)

def work():
    kept = [bytearray(50_000) for _ in range(20)]
    barrier.wait()

threads = [threading.Thread(target=work) for _ in range(8)]
for thread in threads:
    thread.start()
out = ctypes.c_void_p(libc.fdopen(1, b"w"))
libc.malloc_info(0, out)
libc.fflush(out)
barrier.wait()
"""


def arenas_of(limit: int, **environ: str) -> int:
    """Return how many arenas a process with eight threads more has, under this limit; 0 is none."""
    inherited = {name: each for name, each in os.environ.items() if name != "MALLOC_ARENA_MAX"}
    ran = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(limit)],
        cwd=ROOT, env=inherited | environ, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return ran.stdout.count("<heap nr=")


@pytest.mark.skipif(
    not hasattr(os, "confstr") or "glibc" not in (os.confstr("CS_GNU_LIBC_VERSION") or ""),
    reason="glibc has arenas",
)
def test_threads_share_as_many_arenas_as_they_may() -> None:
    assert arenas_of(0) > 4, "by itself"
    assert arenas_of(1) == arenas_of(2) == 2
    assert arenas_of(3) == 3
    assert arenas_of(2, MALLOC_ARENA_MAX="4") == 4
