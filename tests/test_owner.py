"""The owner's token, and the sessions that it opens."""

from django.contrib.sessions.backends.signed_cookies import SessionStore
from pytest_django.fixtures import Settings

from streamer import owner
from tests.settings import OWNER_TOKEN


def test_only_the_token_is_the_token() -> None:
    assert owner.is_token(OWNER_TOKEN)
    for other in ("", OWNER_TOKEN[:-1], OWNER_TOKEN + "x", "é"):
        assert not owner.is_token(other), other


def test_a_site_without_a_token_has_no_owner(settings: Settings) -> None:
    settings.OWNER_TOKEN = ""
    assert not owner.is_token("")


def test_a_token_of_any_letters_stands_in_the_link(settings: Settings) -> None:
    settings.OWNER_TOKEN = "a&b=c d/é"  # noqa: S105
    assert owner.link("https://cam.example") == "https://cam.example/?token=a%26b%3Dc+d%2F%C3%A9"


async def test_a_session_is_the_owners_once_they_entered() -> None:
    session = SessionStore()
    assert not await owner.is_in(session)
    await owner.enter(session)
    assert await owner.is_in(session)
    assert OWNER_TOKEN not in str(session.items())


async def test_another_token_ends_the_sessions_of_the_old(settings: Settings) -> None:
    session = SessionStore()
    await owner.enter(session)
    settings.OWNER_TOKEN = "another-token-of-22-letters"  # noqa: S105
    assert not await owner.is_in(session)


async def test_a_session_that_says_something_else_is_not_the_owners() -> None:
    session = SessionStore()
    for said in (True, 1, None, "", "é", ["x"]):
        session[owner.SESSION_KEY] = said
        assert not await owner.is_in(session)
