"""Secrets for who has not given any: made at first use, kept in a file."""

import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from secrets import token_urlsafe

from django.core.exceptions import ImproperlyConfigured
from django.core.management.utils import get_random_secret_key

SHORTEST = 22
"""Characters that a token has at least: in base 64 they stand for 128 random bits."""


def secret_key(file: Path) -> str:
    """Return the key in `file` that signs sessions and links."""
    return kept(file, get_random_secret_key)


def owner_token(file: Path) -> str:
    """Return the token in `file` that lets the server's owner in; it needs no quoting in a URL."""
    return kept(file, token_urlsafe)


def kept(file: Path, make: Callable[[], str]) -> str:
    """Return the secret in `file`, after making it, mode 600, where there is none.

    Of several that start at once, one makes it and all read it.
    """
    if not file.exists():
        file.parent.mkdir(parents=True, exist_ok=True)
        descriptor, mine = tempfile.mkstemp(dir=file.parent)  # mode 600 from the start
        try:
            with os.fdopen(descriptor, "w") as new:
                new.write(make())
            with suppress(FileExistsError):
                os.link(mine, file)  # whole or not at all, and never over another's
        finally:
            Path(mine).unlink()
    secret = file.read_text().strip()
    if not secret:
        raise ImproperlyConfigured(f"{file} is empty. Delete it, and a new secret is made.")
    return secret


def strong(name: str, token: str) -> str:
    """Return a token that nobody can guess; ImproperlyConfigured where it is short."""
    if len(token) < SHORTEST:
        raise ImproperlyConfigured(
            f"{name} has {len(token)} characters. Expected {SHORTEST} or more, made at random; "
            "where it is not given, one is made."
        )
    return token
