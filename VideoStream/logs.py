"""Logging without secrets, also where a server's own loggers and handlers write."""

from __future__ import annotations

import logging
import logging.config
from typing import Any

from streamer.redaction import redacted

OF_SERVERS = (
    "uvicorn.access",
    "uvicorn.error",
    "uvicorn.asgi",
    "gunicorn.access",
    "gunicorn.error",
)
"""Loggers to which servers give handlers of their own: started by `uvicorn` or `gunicorn`, what
they write does not pass Django's."""


class RedactingFilter(logging.Filter):
    """Cuts secrets from records before any handler has them; their form stays as it was."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _cut(record.msg)
        if isinstance(record.args, tuple):
            record.args = tuple(_cut(value) for value in record.args)
        if record.exc_info:
            record.exc_text = redacted(logging.Formatter().formatException(record.exc_info))
        return True


REDACTING = RedactingFilter()


def configure(config: dict[str, Any]) -> None:
    """Set logging up as Django's LOGGING says, and see to what the servers log."""
    logging.config.dictConfig(config)
    for name in OF_SERVERS:
        logging.getLogger(name).addFilter(REDACTING)


def _cut(value: object) -> object:
    """Return what a record has without secrets: the same where there are none, else text."""
    text = str(value)
    cut = redacted(text)
    return value if cut == text else cut
