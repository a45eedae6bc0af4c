"""What is logged: an event a line, without secrets, whoever writes it. See docs/logs.md.

Code logs by `logging`, with fields in `extra`; only this file knows structlog.
"""

from __future__ import annotations

import logging
import logging.config
import math
import re
import sys
import threading
from datetime import UTC, datetime
from numbers import Integral, Real
from typing import Any, TextIO

from structlog.contextvars import merge_contextvars
from structlog.dev import ConsoleRenderer, plain_traceback
from structlog.processors import JSONRenderer, StackInfoRenderer, format_exc_info
from structlog.stdlib import ExtraAdder, ProcessorFormatter, add_log_level, add_logger_name
from structlog.typing import EventDict, Processor, WrappedLogger

from streamer.redaction import redacted

MAX_CHARACTERS = 2000
"""Characters of an event, a field or a line of a traceback; the rest is cut off."""

MAX_TRACEBACK = 20_000
"""Characters of a traceback; its middle is cut out."""

FIRST = ("time", "level", "logger", "event", "session")
"""Fields that come first, in this order."""

LEFT_OUT = {"request", "color_message"}
"""Fields of Django and uvicorn that say nothing more: an object; the event in colour."""

OF_MANY_LINES = {"exception", "stack"}
"""Tracebacks."""

SECRET_NAMES = re.compile(r"token|secret|passw|cookie|authorization", re.IGNORECASE)
"""Names of fields whose values are told to nobody."""

DATA = re.compile(
    r"""\bb'(?:[^'\\]|\\.){40,}'?|\bb"(?:[^"\\]|\\.){40,}"?|(?<![\w+/-])[\w+/-]{200,}=*""",
    re.ASCII,
)
"""Bytes as Python writes them, and what is likely to be bytes in base 64: a frame or part of it."""

logger = logging.getLogger(__name__)


def configure(config: dict[str, Any]) -> None:
    """Set logging up as Django's LOGGING says. What a server has set up for itself goes on to where
    it went, in our form; so do warnings, and what threads and destructors fail with."""
    logging.config.dictConfig(config)
    for known in list(logging.root.manager.loggerDict.values()):
        for handler in getattr(known, "handlers", ()):
            handler.setFormatter(line_formatter(getattr(handler, "stream", None)))
    logging.captureWarnings(True)
    threading.excepthook = _thread_failed
    sys.unraisablehook = _unraisable


def stderr_formatter() -> logging.Formatter:
    """Return what writes records to stderr."""
    return line_formatter(sys.stderr)


def line_formatter(stream: TextIO | None) -> logging.Formatter:
    """Return what writes records to a stream, or elsewhere: JSON; on a terminal, what people read
    well."""
    if stream is not None and stream.isatty():
        console = ConsoleRenderer(
            sort_keys=False, timestamp_key="time", exception_formatter=plain_traceback
        )
        rendering: list[Processor] = [_for_people, console]
    else:
        rendering = [JSONRenderer(ensure_ascii=False)]
    return ProcessorFormatter(
        foreign_pre_chain=[
            ExtraAdder(),
            merge_contextvars,
            _add_time,
            add_log_level,
            add_logger_name,
            StackInfoRenderer(),
            format_exc_info,
        ],
        processors=[
            ProcessorFormatter.remove_processors_meta,
            _without_secrets,
            *rendering,
        ],
    )


def _add_time(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    made = datetime.fromtimestamp(event["_record"].created, UTC)
    event["time"] = made.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return event


def _without_secrets(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Return the fields in order: plain values, without secrets, pictures and what a terminal would
    obey."""
    names = dict.fromkeys([*FIRST, *event])
    return {
        name: "…" if SECRET_NAMES.search(name) else _plain(name, event[name])
        for name in names
        if name in event and name not in LEFT_OUT
    }


def _plain(name: str, value: object) -> object:
    """Return what JSON has a form for: numbers and the like as they are, else text."""
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, Integral):
        return _integer(int(value))
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    if name in OF_MANY_LINES:
        return _traceback(str(value))
    if (size := _size(value)) is not None:
        return f"{size} bytes"
    return _printable(_short(_cut(str(value).rstrip("\n"))))


def _integer(value: int) -> int | str:
    """Return an integer that any program reads: Python itself writes no digits of a huge one."""
    bits = value.bit_length()
    return value if bits < 64 else f"an integer of {bits} bits"


def _size(value: object) -> int | None:
    """Return how many bytes a picture or other binary value has; None for all else."""
    try:
        return memoryview(value).nbytes  # type: ignore[arg-type]
    except TypeError:
        return None


def _traceback(text: str) -> str:
    text = _cut(text)
    if len(text) > MAX_TRACEBACK:
        half = MAX_TRACEBACK // 2
        text = f"{text[:half]}\n…\n{text[-half:]}"
    return "\n".join(_printable(_short(line)) for line in text.split("\n"))


def _cut(text: str) -> str:
    """Return a text without secrets and data."""
    return DATA.sub("…", redacted(text))


def _short(text: str) -> str:
    return text if len(text) <= MAX_CHARACTERS else f"{text[:MAX_CHARACTERS]}…"


def _printable(text: str) -> str:
    """Return a text whose characters all show: what ends a line elsewhere than in JSON, moves a
    terminal's cursor or turns its writing round is written as Python does."""
    if text.isprintable():
        return text
    return "".join(
        each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in text
    )


def _for_people(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Have nothing that somebody else wrote look like an event or a field: only tracebacks have
    more than one line, indented; an event that could hold a field stands in quotes."""
    for name, value in event.items():
        if isinstance(value, str):
            event[name] = value.replace("\n", "\n    " if name in OF_MANY_LINES else "\\n")
    if any(mark in event["event"] for mark in "=["):
        event["event"] = repr(event["event"])
    return event


def _thread_failed(failed: threading.ExceptHookArgs) -> None:
    if failed.exc_type is SystemExit or failed.exc_value is None:
        return
    name = failed.thread.name if failed.thread else None
    logger.error("a thread failed", exc_info=failed.exc_value, extra={"thread_name": name})


def _unraisable(failed: sys.UnraisableHookArgs) -> None:
    words = failed.err_msg or "Exception ignored in"
    logger.error("%s: %r", words, failed.object, exc_info=failed.exc_value)
