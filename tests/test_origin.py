"""Which Origins open a WebSocket."""

from urllib.parse import urlparse

import pytest
from pytest_django.fixtures import Settings

from streamer.origin import TrustedOriginValidator, is_own_page


def allowed(origin: str) -> bool:
    return TrustedOriginValidator(None).valid_origin(urlparse(origin))


def test_a_program_without_an_origin_is_let_in() -> None:
    assert TrustedOriginValidator(None).valid_origin(None)


def test_allowed_hosts_are_let_in_as_they_are_at_the_hand_shake(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["cam.example"]
    assert allowed("https://cam.example")
    assert not allowed("https://example.com")


def test_trusted_origins_are_let_in(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["localhost"]
    settings.CSRF_TRUSTED_ORIGINS = ["https://abc.tunnel.example"]
    assert allowed("https://abc.tunnel.example")
    assert not allowed("http://abc.tunnel.example")


def test_a_trusted_origin_may_stand_for_all_hosts_of_a_domain(settings: Settings) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.tunnel.example"]
    assert allowed("https://abc.tunnel.example")
    assert not allowed("https://tunnel.example.com")


@pytest.mark.parametrize("origin", ["https://example.com", "null", "file://"])
def test_a_wildcard_lets_no_foreign_page_in(settings: Settings, origin: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert not allowed(origin)


@pytest.mark.parametrize(
    ("origin", "is_own"),
    [
        ("http://127.0.0.1:8000", True),
        ("http://127.0.0.1:8001", False),
        ("http://127.0.0.1", False),
        ("https://127.0.0.1:8000", False),
        ("http://localhost:8000", False),
        ("https://abc.tunnel.example", True),
        ("null", False),
        ("", False),
    ],
)
def test_a_page_is_our_own_by_scheme_host_and_port(
    settings: Settings, origin: str, is_own: bool
) -> None:
    settings.CSRF_TRUSTED_ORIGINS = ["https://*.tunnel.example"]
    headers = [(b"host", b"127.0.0.1:8000"), (b"origin", origin.encode())]
    assert is_own_page({"scheme": "ws", "headers": headers}) == is_own


def test_behind_what_speaks_https_our_own_pages_are_https(settings: Settings) -> None:
    settings.SECURE_SSL_REDIRECT = True
    headers = [(b"host", b"cam.example"), (b"origin", b"https://cam.example")]
    assert is_own_page({"scheme": "ws", "headers": headers})
    headers[1] = (b"origin", b"http://cam.example")
    assert not is_own_page({"scheme": "ws", "headers": headers})


def test_a_program_is_no_page_of_ours() -> None:
    assert not is_own_page({"scheme": "ws", "headers": [(b"host", b"127.0.0.1:8000")]})
    assert not is_own_page({"scheme": "ws", "headers": []})
