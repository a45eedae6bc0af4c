"""Secrets are not told."""

import time

import pytest

from streamer import redaction
from streamer.redaction import hide, redacted


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("rtsp://ann:p%40ss@10.0.0.5:554/cam", "rtsp://…@10.0.0.5:554/cam"),
        ("rtsp://ann:p@ss@10.0.0.5/cam", "rtsp://…@10.0.0.5/cam"),
        ("'http://:secret@host/' failed", "'http://…@host/' failed"),
        ("rtsp://ann:p/ss@10.0.0.5/cam", "rtsp://…@10.0.0.5/cam"),
        ("rtsp://a:b@c/ and rtsp://d:e@f/", "rtsp://…@c/ and rtsp://…@f/"),
        ("rtsp://10.0.0.5/cam by ann@home", "rtsp://10.0.0.5/cam by ann@home"),
        ("GET /streams/?width=320&token=abc HTTP/1.1", "GET /streams/?width=320&token=… HTTP/1.1"),
        ('"/streams/demo/?key=a.b:c-d_e"', '"/streams/demo/?key=…"'),
        (f"Not Found: /x/WyJk-_0:{43 * 'a'}/y", "Not Found: /x/…/y"),
        (f"/?next=WyJk-_0%3A{43 * 'a'}&b=1", "/?next=…&b=1"),
        (f"an event: {43 * 'a'}", f"an event: {43 * 'a'}"),
        ("Cookie: csrftoken=a1; sessionid=b2; x=y", "Cookie: csrftoken=…; sessionid=…; x=y"),
        ("(b'authorization', b'Bearer aB3-_5678901')", "(b'authorization', b'Bearer …')"),
        ("Authorization: basic YW5uOnNlY3JldA== came", "Authorization: basic … came"),
        ("Expected basic authentication.", "Expected basic authentication."),
        ("usb:0", "usb:0"),
    ],
)
def test_user_info_tokens_keys_cookies_and_authorization_are_cut(text: str, told: str) -> None:
    assert redacted(text) == told


@pytest.fixture
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_known", set())


@pytest.mark.usefixtures("nothing_known")
def test_a_known_secret_is_cut_wherever_it_stands() -> None:
    hide("a-known-secret", "a-known-secret-that-is-longer", "short")
    text = "of xa-known-secretx, a-known-secret-that-is-longer and short"
    assert redacted(text) == "of x…x, … and short"


@pytest.mark.parametrize(
    "piece", ["://", "?token", "?key=", "sessionid=", "Bearer ", "Bearer aB3-_5678901", "@", "://@"]
)
def test_the_time_it_takes_grows_as_the_text_does(piece: str) -> None:
    def seconds(times: int) -> float:
        text = piece * times
        best = 1e9
        for _ in range(3):
            start = time.perf_counter()
            redacted(text)
            best = min(best, time.perf_counter() - start)
        return best

    # Ten times the text; were each piece read to the end of it, a hundred times as long.
    assert seconds(20_000) < 40 * max(seconds(2_000), 50e-6)
