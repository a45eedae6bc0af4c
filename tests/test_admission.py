"""How many may be in."""

import asyncio
from contextlib import ExitStack

import pytest

from streamer import admission as admission_module
from streamer.admission import Admission
from streamer.caller import UNTOLD, Caller
from streamer.errors import Code, MessageError


def test_the_last_place_is_given_and_no_more() -> None:
    admission = Admission()
    with admission.webcams.hold(2), admission.webcams.hold(2):
        with pytest.raises(MessageError, match="full") as caught, admission.webcams.hold(2):
            pass
        assert "Try again in 10 s" in str(caught.value)
        assert caught.value.code is Code.FULL
        assert caught.value.fatal
    assert admission.webcams.taken == 0


def test_a_place_is_free_again_after_a_failure() -> None:
    admission = Admission()
    with pytest.raises(RuntimeError), admission.webcams.hold(1):
        raise RuntimeError
    with admission.webcams.hold(1):
        assert admission.webcams.taken == 1


def test_each_address_has_places_of_its_own() -> None:
    places = Admission().webcams_of_address
    with places.hold(1, "192.0.2.1"), places.hold(1, "192.0.2.2"):
        assert places.taken == 2
        with pytest.raises(MessageError, match="1 webcams from your address") as caught:
            places.check(1, "192.0.2.1", " A note.")
        assert caught.value.code is Code.TOO_MANY
        assert str(caught.value).endswith("A note.")
    assert places.taken == 0
    places.check(1, "192.0.2.1")


def test_an_address_opens_so_many_connections_a_minute() -> None:
    admission = Admission()
    for _ in range(3):
        admission.shake_hands(Caller("192.0.2.1"), 3)
    with pytest.raises(MessageError, match="at most 3 connections a minute") as caught:
        admission.shake_hands(Caller("192.0.2.1", is_untold=True), 3)
    assert (caught.value.code, caught.value.fatal) == (Code.TOO_MANY, True)
    assert UNTOLD in str(caught.value)
    admission.shake_hands(Caller("192.0.2.2"), 3)


async def test_when_it_closes_all_are_told_to_leave_and_waited_for() -> None:
    admission = Admission()
    told: list[MessageError] = []
    with ExitStack() as stays:
        stays.enter_context(admission.inside(told.append))
        goes = stays.enter_context(ExitStack())
        goes.enter_context(admission.inside(lambda _: goes.close()))
        closing = asyncio.create_task(admission.close())
        await asyncio.sleep(0)
        assert [error.code for error in told] == [Code.RESTARTING]
        assert not closing.done()
    await asyncio.wait_for(closing, 1)
    with pytest.raises(MessageError, match="restarting") as caught, admission.inside(print):
        pass
    assert (caught.value.code, caught.value.fatal) == (Code.RESTARTING, True)


async def test_who_does_not_leave_is_not_waited_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission_module, "LEAVE_SECONDS", 0.05)
    admission = Admission()
    with admission.inside(lambda _: None):
        await asyncio.wait_for(admission.close(), 1)
