"""The owner of the server: whoever knows its token.

The token lies in a file that only the owner can read, or in the environment, and so shows that
somebody is who runs the server. As Jupyter has it, a link with the token opens everything.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django.conf import settings
from django.utils.crypto import constant_time_compare, salted_hmac

SESSION_KEY = "streamer_owner"
"""Where a session holds the fingerprint of the token that opened it."""


def is_token(text: str) -> bool:
    """Tell whether a text is the owner's token."""
    token = _token()
    return bool(token) and constant_time_compare(text, token)


def link(base: str) -> str:
    """Return the owner's link to a site, whose address is without a slash at its end."""
    return f"{base}/?{urlencode({'token': _token()})}"


async def enter(session: Any) -> None:
    """Make a session the owner's. It gets a new name, so that nobody has known it before."""
    await session.acycle_key()
    await session.aset(SESSION_KEY, _fingerprint())


async def is_in(session: Any) -> bool:
    """Tell whether a session is the owner's. With another token the sessions of the old end."""
    known = await session.aget(SESSION_KEY)
    return isinstance(known, str) and constant_time_compare(known, _fingerprint())


def _fingerprint() -> str:
    return salted_hmac(SESSION_KEY, _token(), algorithm="sha256").hexdigest()


def _token() -> str:
    """Return the token in force; a site that has none has no owner."""
    return getattr(settings, "OWNER_TOKEN", "")
