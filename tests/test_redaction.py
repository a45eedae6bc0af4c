"""Secrets in URLs are not told."""

import logging
import sys

import pytest

from streamer.redaction import RedactingFormatter, redacted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rtsp://ann:p%40ss@10.0.0.5:554/cam", "rtsp://…@10.0.0.5:554/cam"),
        ("rtsp://ann:p@ss@10.0.0.5/cam", "rtsp://…@10.0.0.5/cam"),
        ("'http://:secret@host/' failed", "'http://…@host/' failed"),
        ("rtsp://ann:p/ss@10.0.0.5/cam", "rtsp://…@10.0.0.5/cam"),
        ("GET /streams/?width=320&token=abc HTTP/1.1", "GET /streams/?width=320&token=… HTTP/1.1"),
        ('"/streams/demo/?key=a.b:c-d_e"', '"/streams/demo/?key=…"'),
        ("usb:0", "usb:0"),
    ],
)
def test_user_info_tokens_and_keys_are_cut(text: str, told: str) -> None:
    assert redacted(text) == told


def test_a_traceback_is_cut_too() -> None:
    formatter = RedactingFormatter("{message}", style="{")
    try:
        raise OSError("cannot open rtsp://ann:secret@host/")
    except OSError:
        record = logging.LogRecord("x", 40, "", 0, "at %s", ("ftp://a:b@c",), sys.exc_info())
    told = formatter.format(record)
    assert "secret" not in told
    assert "at ftp://…@c" in told
    assert "cannot open rtsp://…@host/" in told
