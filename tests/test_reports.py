"""The error pages that DEBUG shows have no secrets in them."""

import sys
from typing import NoReturn

import pytest
from django.http import HttpRequest
from django.test import AsyncClient, RequestFactory
from django.views.debug import technical_500_response
from pytest_django.fixtures import Settings

from streamer import build
from streamer.links import for_hours
from tests.settings import OWNER_TOKEN

PASSWORD = "planted-p4ss"  # noqa: S105
SESSION = "planted-session"
SPEC = f"rtsp://ann:{PASSWORD}@10.0.0.5/cam"


def fail(request: HttpRequest) -> None:
    """Fail as a camera does, with all kinds of variables that hold a secret."""
    variables = {
        "source": SPEC,
        "cameras": {"porch": {"source": SPEC}},
        "netloc": f"ann:{PASSWORD}@10.0.0.5",
        "token": OWNER_TOKEN,
        "text": f"the token is {OWNER_TOKEN}",
        "scope": {"headers": [(b"cookie", PASSWORD.encode())]},
        "address": request.get_full_path(),
    }
    source, netloc, token, scope = SPEC, variables["netloc"], OWNER_TOKEN, variables["scope"]
    password = PASSWORD
    raise OSError(f"cannot open {source}: {bool(netloc and token and scope and password)}")


@pytest.mark.parametrize("kind", ["text/html", "text/plain"])
def test_an_error_page_shows_no_password_token_or_key(settings: Settings, kind: str) -> None:
    settings.DEBUG = True
    settings.STREAMER = {"CAMERAS": {"porch": SPEC, "yard": {"source": SPEC}}}
    key = for_hours("porch", 1).key
    query = {"token": OWNER_TOKEN, "key": key, "width": "320"}
    referer = f"http://testserver/streams/?token={OWNER_TOKEN}"
    request = RequestFactory().get("/x", query, HTTP_ACCEPT=kind, HTTP_REFERER=referer)
    request.COOKIES["sessionid"] = SESSION
    try:
        fail(request)
    except OSError:
        page = technical_500_response(request, *sys.exc_info()).content.decode()
    assert "cannot open rtsp://…@10.0.0.5/cam" in page
    assert "width" in page
    for secret in (PASSWORD, OWNER_TOKEN, key, settings.SECRET_KEY, SESSION):
        assert secret not in page, secret


@pytest.mark.parametrize("debug", [True, False])
async def test_the_api_shows_none_when_it_fails(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, debug: bool
) -> None:
    def break_down() -> NoReturn:
        raise OSError(f"cannot open {SPEC}")

    settings.DEBUG = debug
    monkeypatch.setattr(build, "streams", break_down)
    query = {} if debug else {"token": OWNER_TOKEN}
    answer = await AsyncClient(raise_request_exception=False).get("/api/streams", query)
    assert answer.status_code == 500
    assert PASSWORD not in answer.content.decode()
