"""A secret key for who has not given one."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key


def secret_key(file: Path) -> str:
    """Return the key in `file`, after making it, mode 600, where there is none.

    Of several that start at once, one makes it and all read it.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, mine = tempfile.mkstemp(dir=file.parent)  # mode 600 from the start
        try:
            with os.fdopen(descriptor, "w") as new:
                new.write(get_random_secret_key())
            with suppress(FileExistsError):
                os.link(mine, file)  # whole or not at all, and never over another's
        finally:
            Path(mine).unlink()
    key = file.read_text()
    if not key:
        raise ImproperlyConfigured(f"{file} is empty. Delete it, and a new key is made.")
    return key
