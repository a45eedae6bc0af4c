"""A secret key for who has not given one."""

import os
from pathlib import Path

from django.core.management.utils import get_random_secret_key


def secret_key(file: Path) -> str:
    """Return the key in `file`, after making it, mode 600, where there is none.

    Of several processes that start at once, one makes it and all read it.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    if not file.exists():
        mine = file.with_name(f"{file.name}.{os.getpid()}")
        with open(os.open(mine, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as new:  # noqa: PTH123, a mode from the start
            new.write(get_random_secret_key())
        try:
            os.link(mine, file)  # whole or not at all, and never over another's
        except FileExistsError:
            pass
        finally:
            mine.unlink()
    return file.read_text()
