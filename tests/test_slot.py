"""Newest wins."""

import asyncio

import pytest

from streamer.slot import LatestSlot


async def test_a_newer_thing_takes_the_place_of_one_that_waits() -> None:
    slot: LatestSlot[int] = LatestSlot()
    for number in range(5):
        slot.put(number)
    assert slot.take() == 4
    assert slot.dropped == 4


async def test_what_was_taken_is_not_dropped() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.take()
    slot.put(2)
    assert slot.dropped == 0


async def test_an_empty_slot_has_nothing_to_take() -> None:
    slot: LatestSlot[int] = LatestSlot()
    slot.put(1)
    slot.take()
    with pytest.raises(LookupError, match="wait until it is filled"):
        slot.take()


async def test_a_taker_wakes_when_something_comes() -> None:
    slot: LatestSlot[str] = LatestSlot()
    taker = asyncio.create_task(slot.filled())
    await asyncio.sleep(0)
    assert not taker.done()
    slot.put("frame")
    await asyncio.wait_for(taker, 5)
    assert slot.take() == "frame"
