"""Newest wins."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from unittest.mock import patch

import pytest

from streamer.slot import LatestSlot


def filling(slot: LatestSlot[int], loop: asyncio.AbstractEventLoop, count: int) -> threading.Thread:
    """Have a thread put so many numbers in, as fast as it can."""

    def fill() -> None:
        for number in range(count):
            slot.put_from_thread(number, loop)

    thread = threading.Thread(target=fill)
    thread.start()
    return thread


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


async def test_a_taker_wakes_when_something_comes_from_a_thread() -> None:
    slot: LatestSlot[str] = LatestSlot()
    loop = asyncio.get_running_loop()
    taker = asyncio.create_task(slot.filled())
    await asyncio.to_thread(slot.put_from_thread, "old", loop)
    await asyncio.to_thread(slot.put_from_thread, "new", loop)
    await asyncio.wait_for(taker, 5)
    assert (slot.take(), slot.dropped) == ("new", 1)


async def test_a_loop_that_is_busy_is_woken_once_however_much_comes() -> None:
    slot: LatestSlot[int] = LatestSlot()
    loop = asyncio.get_running_loop()
    with patch.object(loop, "call_soon_threadsafe", wraps=loop.call_soon_threadsafe) as woken:
        putting = filling(slot, loop, 1000)
        putting.join()
        assert woken.call_count == 1
        await slot.filled()
        assert (slot.take(), slot.dropped) == (999, 999)
        slot.put_from_thread(1000, loop)
        assert woken.call_count == 2
        await asyncio.wait_for(slot.filled(), 5)


async def test_what_comes_from_a_thread_while_others_take_is_never_lost() -> None:
    """Each thing is taken or counted as dropped, in order, and the last is taken."""
    slot: LatestSlot[int] = LatestSlot()
    loop = asyncio.get_running_loop()
    count = 20_000
    taken = [-1]
    with ThreadPoolExecutor(1) as pool:
        putting = filling(slot, loop, count)
        while taken[-1] < count - 1:
            await asyncio.wait_for(slot.filled(), 5)
            taken.append(await loop.run_in_executor(pool, slot.take))
        putting.join()
    assert taken == sorted(set(taken))
    assert len(taken) - 1 + slot.dropped == count
