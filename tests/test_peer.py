"""Who takes nothing is let go of, and nobody else."""

import asyncio
import socket
import sys
from collections.abc import Iterator

import pytest

from streamer.servers import peer
from streamer.servers.peer import Peer

SECONDS = 0.2


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """Return both ends of a connection: ours, and that of a client with a small buffer."""
    with socket.socket() as listener, socket.socket() as client:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.settimeout(5)
        client.connect(listener.getsockname())
        ours, _ = listener.accept()
        with ours:
            ours.setblocking(False)
            yield ours, client


def fill(ours: socket.socket) -> None:
    """Send until the kernel takes no more."""
    try:
        while True:
            ours.send(bytes(65_536))
    except BlockingIOError:
        pass


async def was_let_go(ours: socket.socket, *, waits: bool) -> bool:
    """Tell whether the connection ends within a time that is long for it."""
    aborted = asyncio.Event()
    watch = Peer(ours, SECONDS, aborted.set)
    fill(ours)
    if waits:
        watch.pause()
    try:
        async with asyncio.timeout(10 * SECONDS):
            return await aborted.wait()
    except TimeoutError:
        return False
    finally:
        watch.leave()


async def test_who_takes_nothing_that_waits_in_this_process_is_let_go(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peer, "_in_kernel", lambda _: (False, 0))  # as where it does not tell
    assert await was_let_go(ends[0], waits=True)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what its kernel holds")
async def test_who_takes_nothing_that_waits_in_the_kernel_is_let_go(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    assert await was_let_go(ends[0], waits=False)


async def test_nobody_is_let_go_for_whom_nothing_waits_or_who_takes_it_slowly(
    ends: tuple[socket.socket, socket.socket], monkeypatch: pytest.MonkeyPatch
) -> None:
    aborted = asyncio.Event()
    watch = Peer(ends[0], SECONDS, aborted.set)
    await asyncio.sleep(3 * SECONDS)
    monkeypatch.setattr(peer, "_in_kernel", lambda _: (False, 0))
    for _ in range(10):
        watch.pause()
        await asyncio.sleep(SECONDS / 2)
        watch.resume()
    assert not aborted.is_set()
    watch.pause()
    watch.leave()
    await asyncio.sleep(3 * SECONDS)
    assert not aborted.is_set()


async def test_what_the_kernel_holds_is_acknowledged_or_not(
    ends: tuple[socket.socket, socket.socket],
) -> None:
    ours, client = ends
    assert peer._in_kernel(ours) == (False, 0)
    fill(ours)
    if sys.platform == "linux":
        waits, before = peer._in_kernel(ours)
        assert waits
        while peer._in_kernel(ours)[1] == before:
            client.recv(65_536)
            await asyncio.sleep(0.01)
    ours.close()
    assert peer._in_kernel(ours) == (False, 0)
