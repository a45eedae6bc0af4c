"""How much memory the allocator keeps to itself."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import suppress

M_ARENA_MAX = -8
"""As glibc's malloc.h has it."""


def limit(threads: int) -> None:
    """Have so many threads that work on pictures share as many arenas, two at the least, before
    they start; MALLOC_ARENA_MAX in the environment wins.

    By itself glibc has eight a core, one for each thread of any kind, and each keeps what was once
    large in it. Tried with crowds that come and go: after two minutes 14 MB are kept instead of 60,
    and frames take as long.
    """
    if sys.platform == "linux" and "MALLOC_ARENA_MAX" not in os.environ:
        with suppress(AttributeError):  # another C library
            ctypes.CDLL(None).mallopt(M_ARENA_MAX, max(2, threads))
