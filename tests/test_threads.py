"""Requests share a few threads."""

import asyncio
import threading
from contextlib import ExitStack

from asgiref.sync import sync_to_async

from streamer.threads import COUNT, SharedThreads
from tests.server import RunningServer
from tests.watching import ask, opened, parts


async def test_synchronous_code_of_many_requests_runs_in_a_few_threads_of_its_own() -> None:
    used: list[set[int | None]] = []

    async def application(_scope: None, _receive: None, _send: None) -> None:
        threads = {await sync_to_async(threading.current_thread)() for _ in range(3)}
        used.append({thread.ident for thread in threads})

    shared = SharedThreads(application)
    await asyncio.gather(*[shared(None, None, None) for _ in range(5 * COUNT)])
    assert all(len(threads) == 1 for threads in used), "a request changed its thread"
    assert len(set.union(*used)) == COUNT
    assert threading.current_thread().ident not in set.union(*used)


def test_viewers_of_mjpeg_keep_no_thread_each(cameras: RunningServer) -> None:
    for _ in range(2 * COUNT):
        ask(cameras, "/api/streams")
    before = cameras.threads
    with ExitStack() as viewers:
        for _ in range(12):
            next(parts(viewers.enter_context(opened(cameras, "/streams/one/mjpeg"))))
        # The camera has one, and so may have what is shared by all.
        assert cameras.threads - before < 6
