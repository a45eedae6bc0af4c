"""The same trouble is logged once in a while."""

import logging

import pytest

from streamer.occasional import OccasionalLog


def test_a_trouble_is_told_with_its_traceback_and_later_how_often_it_came(
    caplog: pytest.LogCaptureFixture,
) -> None:
    now = 100.0
    log = OccasionalLog(logging.getLogger("test"), seconds=60, clock=lambda: now)
    for _ in range(5):
        log.tell("it broke", ValueError("a screw is loose"))
    log.tell("another broke", ValueError("too"))
    assert [record.getMessage() for record in caplog.records] == ["it broke", "another broke"]
    assert "ValueError: a screw is loose" in caplog.text
    now += 60
    log.tell("it broke", ValueError("again"))
    assert caplog.records[-1].getMessage() == "it broke (4 times more since it was last told)"
    now += 60
    log.tell("it broke", ValueError("again"))
    assert caplog.records[-1].getMessage() == "it broke"
