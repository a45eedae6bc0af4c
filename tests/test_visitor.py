"""What a visitor may watch, and what is read to know it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.sessions.backends import signed_cookies
from django.db import OperationalError
from pytest_django.fixtures import Settings

from streamer import owner
from streamer.access import EVERYTHING, Refusal, Trouble, Visitor, refusal, visitor_of_scope
from streamer.errors import DatabaseAwayError
from streamer.links import for_hours
from tests.settings import OWNER_TOKEN

HOST = (b"host", b"127.0.0.1:8000")
ORIGIN = (b"origin", b"http://127.0.0.1:8000")
OTHER_PORT = (b"origin", b"http://127.0.0.1:3000")
BEARER = (b"authorization", f"Bearer {OWNER_TOKEN}".encode())


class SessionStore:
    """Sessions that must not be read; the name is the one that SESSION_ENGINE asks for."""

    def __init__(self, key: str) -> None:
        raise AssertionError(f"the session {key} was asked for")


@pytest.fixture(autouse=True)
def _no_session_is_read(settings: Settings) -> None:
    settings.SESSION_ENGINE = __name__


def scope(query: str, *headers: tuple[bytes, bytes], key: str = "ann") -> dict[str, Any]:
    """Return what a server gives for a WebSocket of somebody who has a session's cookie."""
    cookie = (b"cookie", f"sessionid={key}".encode())
    return {"query_string": query.encode("latin-1"), "headers": [HOST, cookie, *headers]}


@pytest.fixture
def hour() -> Visitor:
    return Visitor(stream="porch", until=datetime.now(UTC) + timedelta(hours=1))


def test_who_has_a_link_may_watch_its_stream_until_it_is_over(hour: Visitor) -> None:
    assert hour.may_watch("porch")
    assert not hour.may_watch("yard")
    assert not hour.is_stranger
    over = Visitor(stream="porch", until=datetime.now(UTC))
    assert not over.may_watch("porch")
    assert refusal(over, "porch") == Refusal(403, Trouble.LINK_OVER)


def test_a_refusal_tells_a_stranger_from_who_has_a_link(hour: Visitor) -> None:
    assert refusal(EVERYTHING) is refusal(EVERYTHING, "any") is refusal(hour, "porch") is None
    assert refusal(hour) == refusal(hour, "yard") == Refusal(403, Trouble.OTHER_STREAM)
    stranger = Visitor(trouble=Trouble.LINK_WRONG)
    assert stranger.is_stranger
    assert refusal(stranger) == refusal(stranger, "any") == Refusal(401, Trouble.LINK_WRONG)


@pytest.mark.parametrize("trouble", Trouble)
def test_each_trouble_has_words(trouble: Trouble) -> None:
    assert trouble.words.endswith(".")


async def test_the_session_of_a_program_is_not_read() -> None:
    assert (await visitor_of_scope(scope(""))).is_stranger
    link = for_hours("porch", 1)
    visitor = await visitor_of_scope(scope(f"key={link.key}"))
    assert visitor == Visitor(stream="porch", until=link.until)


async def test_the_session_does_not_count_for_another_service_of_the_host() -> None:
    assert (await visitor_of_scope(scope("", OTHER_PORT))).is_stranger


@pytest.mark.parametrize("headers", [(), (ORIGIN,)], ids=["program", "browser"])
async def test_who_brings_the_token_needs_no_session(headers: tuple[Any, ...]) -> None:
    assert await visitor_of_scope(scope(f"token={OWNER_TOKEN}", *headers)) == EVERYTHING
    assert await visitor_of_scope(scope("", BEARER, *headers)) == EVERYTHING
    small = (b"authorization", f"bearer  {OWNER_TOKEN}".encode())
    assert await visitor_of_scope(scope("", small, *headers)) == EVERYTHING


async def test_the_session_of_a_page_is_read(settings: Settings) -> None:
    settings.SESSION_ENGINE = signed_cookies.__name__
    session = signed_cookies.SessionStore()
    await session.asave()
    assert (await visitor_of_scope(scope("", ORIGIN, key=str(session.session_key)))).is_stranger
    await owner.enter(session)
    await session.asave()
    assert await visitor_of_scope(scope("", ORIGIN, key=str(session.session_key))) == EVERYTHING


async def test_without_a_cookie_no_session_is_looked_for() -> None:
    browser = scope("", ORIGIN) | {"headers": [HOST, ORIGIN]}
    assert (await visitor_of_scope(browser)).is_stranger


async def test_a_database_that_is_away_is_told(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(_: object) -> bool:
        raise OperationalError("database is locked")

    settings.SESSION_ENGINE = signed_cookies.__name__
    monkeypatch.setattr(owner, "is_in", fails)
    with pytest.raises(DatabaseAwayError, match="Try again"):
        await visitor_of_scope(scope("", ORIGIN))


@pytest.mark.parametrize(
    "query", ["token=%ff", "token=\xff", "token", "key=%00", "key=a:b:c", "&="]
)
async def test_what_makes_no_sense_lets_nobody_in(query: str) -> None:
    assert (await visitor_of_scope(scope(query))).is_stranger
