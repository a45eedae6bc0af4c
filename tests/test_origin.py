"""Which Origins open a WebSocket."""

from urllib.parse import urlparse

import pytest
from pytest_django.fixtures import Settings

from streamer.origin import TrustedOriginValidator


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


@pytest.mark.parametrize("origin", ["https://example.com", "null", "file://"])
def test_a_wildcard_lets_no_foreign_page_in(settings: Settings, origin: str) -> None:
    settings.ALLOWED_HOSTS = ["*"]
    assert not allowed(origin)
