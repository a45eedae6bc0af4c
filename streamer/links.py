"""Links that let somebody watch one stream for a time."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from django.core.signing import BadSignature, Signer
from django.urls import reverse

from streamer.errors import SettingsError

MAX_HOURS = 366 * 24
"""A link is for somebody to watch for a time; who watches for ever has a log-in."""

SIGNER = "streamer.links"
"""The salt: what the site signs for other purposes is no link."""


@dataclass(frozen=True)
class Link:
    """One stream, and until when (in UTC) it may be watched."""

    stream: str
    until: datetime

    @property
    def is_over(self) -> bool:
        return datetime.now(UTC) >= self.until

    @property
    def key(self) -> str:
        """The link as signed text, for a query: `?key=…`."""
        return Signer(salt=SIGNER).sign_object([self.stream, int(self.until.timestamp())])

    @property
    def path(self) -> str:
        """The page of the stream with the key in its query, without scheme and host."""
        return f"{reverse('streamer:stream', args=[self.stream])}?key={quote(self.key)}"


def for_hours(stream: str, hours: float) -> Link:
    """Return a link for a stream; SettingsError where the hours are none that a link may have."""
    if not (math.isfinite(hours) and 0 < hours <= MAX_HOURS):
        raise SettingsError(
            f"A link for {hours:g} hours. Expected more than 0 and at most {MAX_HOURS}, a year."
        )
    # Whole seconds: more does not stand in the key. Up, so that no link is over at once.
    now = math.ceil(datetime.now(UTC).timestamp())
    return Link(
        stream, datetime.fromtimestamp(now, UTC) + timedelta(seconds=math.ceil(hours * 3600))
    )


def read(key: str) -> Link | None:
    """Return what a key says, also where its time is over; None where it is not ours."""
    try:
        said: Any = Signer(salt=SIGNER).unsign_object(key)
    except BadSignature:
        return None
    stream, until = said
    return Link(stream, datetime.fromtimestamp(until, UTC))
