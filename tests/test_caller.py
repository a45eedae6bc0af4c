"""Whose address counts."""

import logging

import pytest

from streamer import caller as caller_module
from streamer.caller import UNTOLD, caller, of_scope
from streamer.occasional import OccasionalLog


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "counts"),
    [
        ("192.0.2.1", "", 0, "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1", 1, "192.0.2.1"),
        ("10.0.0.1", "198.51.100.9, 192.0.2.1", 1, "192.0.2.1"),
        ("10.0.0.1", "198.51.100.9, 192.0.2.1, 10.0.0.2", 2, "192.0.2.1"),
        ("10.0.0.1", "192.0.2.1", 3, "192.0.2.1"),
        ("10.0.0.1", "", 1, "10.0.0.1"),
        ("10.0.0.1", "unknown", 1, "10.0.0.1"),
        ("10.0.0.1", "192.0.2.1:4711", 1, "192.0.2.1"),
        ("10.0.0.1", "[2001:db8:1:2:3::4]:4711", 1, "2001:db8:1:2::/64"),
        ("2001:db8:1:2:3::4", "", 0, "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.1", "", 0, "192.0.2.1"),
        ("fe80::1%eth0", "", 0, "fe80::/64"),
        ("", "", 0, ""),
        ("10.0.0.1", "192.0.2.1\x00<script>", 1, "10.0.0.1"),
    ],
)
def test_the_address_is_counted_from_the_right(
    peer: str, forwarded: str, proxies: int, counts: str
) -> None:
    assert caller(peer, forwarded, proxies).address == counts
    assert not caller(peer, forwarded, proxies).note


def test_an_untold_proxy_is_told_of_in_the_log_and_in_refusals(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    log = OccasionalLog(logging.getLogger("streamer"))
    monkeypatch.setattr(caller_module, "troubles", log)
    for _ in range(3):
        who = caller("127.0.0.1", "192.0.2.1", 0)
        assert (who.address, who.note.strip()) == ("127.0.0.1", UNTOLD)
    assert caplog.text.count("TRUSTED_PROXIES") == 1


def test_the_header_may_come_in_several_lines() -> None:
    headers = [(b"x-forwarded-for", b"198.51.100.9"), (b"x-forwarded-for", b"192.0.2.1")]
    scope = {"client": ["127.0.0.1", 4711], "headers": headers}
    assert of_scope(scope, 1).address == "192.0.2.1"
    assert of_scope({"client": None, "headers": []}, 0).address == ""
