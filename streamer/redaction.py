"""Keeps secrets out of what is told and logged."""

import logging
import re

USER_INFO = re.compile(r"(?<=://)[^\s'\"]*@")
"""User and password of a URL (RFC 3986, 3.2.1). All up to the last @ goes: a password may hold what
should have been quoted, even a slash."""

QUERY_SECRETS = re.compile(r"(?<=[?&])(token|key)=[^\s&'\"]*")
"""What lets somebody in, in the query of a URL."""


def redacted(text: str) -> str:
    """Return a text without the passwords and tokens of the URLs in it."""
    return QUERY_SECRETS.sub(r"\1=…", USER_INFO.sub("…@", text))


class RedactingFormatter(logging.Formatter):
    """Formats log records, and cuts secrets from message and traceback alike."""

    def format(self, record: logging.LogRecord) -> str:
        return redacted(super().format(record))
