"""Links that let somebody watch one stream for a time."""

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, urlsplit

import pytest
from django.core.signing import Signer
from pytest_django.fixtures import Settings

from streamer import links
from streamer.errors import SettingsError
from streamer.links import Link


def test_a_key_says_which_stream_and_until_when() -> None:
    until = datetime(2031, 5, 17, 12, 30, 15, tzinfo=UTC)
    assert links.read(Link("porch", until).key) == Link("porch", until)


def test_a_link_opens_the_page_of_its_stream() -> None:
    link = links.for_hours("porch", 1)
    address = urlsplit(link.path)
    assert address.path == "/streams/porch/"
    assert parse_qs(address.query) == {"key": [link.key]}


@pytest.mark.parametrize("hours", [0.001, 1.5, links.MAX_HOURS])
def test_it_is_over_after_its_hours_and_not_before(hours: float) -> None:
    before = datetime.now(UTC)
    link = links.for_hours("porch", hours)
    spare = timedelta(seconds=2)  # whole seconds, up
    asked = timedelta(hours=hours)
    assert before + asked <= link.until <= datetime.now(UTC) + asked + spare
    assert not link.is_over
    assert Link("porch", before).is_over


@pytest.mark.parametrize("hours", [0, -1, links.MAX_HOURS + 1, float("inf"), float("nan")])
def test_hours_that_make_no_sense_are_refused(hours: float) -> None:
    with pytest.raises(SettingsError, match=r"Expected more than 0 and at most 8784, a year\."):
        links.for_hours("porch", hours)


def test_what_was_changed_is_no_link() -> None:
    key = links.for_hours("porch", 1).key
    payload, _, signature = key.partition(":")
    longer = Link("porch", datetime(2100, 1, 1, tzinfo=UTC)).key.partition(":")[0]
    for other in ("", "x", payload, f"{longer}:{signature}", key[:-1], key + "A", f"é{key}"):
        assert links.read(other) is None, other


def test_what_the_site_signs_for_other_purposes_is_no_link() -> None:
    assert links.read(Signer(salt="other").sign_object(["porch", 4_000_000_000])) is None


def test_another_site_signs_other_links(settings: Settings) -> None:
    key = links.for_hours("porch", 1).key
    settings.SECRET_KEY = "another"  # noqa: S105
    assert links.read(key) is None
