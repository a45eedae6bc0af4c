"""Requests share a few threads."""

import asyncio
import threading
from contextlib import ExitStack
from typing import Any

from asgiref.sync import sync_to_async

from streamer.threads import COUNT, SharedThreads
from tests.server import RunningServer
from tests.watching import ask, opened, parts

Scope = dict[str, Any]
STRANGER: Scope = {"type": "http", "method": "GET", "headers": []}


async def test_synchronous_code_of_many_requests_runs_in_a_few_threads_of_its_own() -> None:
    used: list[set[int | None]] = []

    async def application(_scope: Scope, _receive: None, _send: None) -> None:
        threads = {await sync_to_async(threading.current_thread)() for _ in range(3)}
        used.append({thread.ident for thread in threads})

    shared = SharedThreads(application)
    await asyncio.gather(*[shared(STRANGER, None, None) for _ in range(5 * COUNT)])
    assert all(len(threads) == 1 for threads in used), "a request changed its thread"
    assert len(set.union(*used)) == COUNT
    assert threading.current_thread().ident not in set.union(*used)


async def test_who_may_wait_for_the_database_has_other_threads_than_who_does_not() -> None:
    used: dict[str, set[int | None]] = {"request": set(), "patient": set()}

    async def application(scope: Scope, _receive: None, _send: None) -> None:
        used[scope["kind"]].add((await sync_to_async(threading.current_thread)()).ident)

    shared = SharedThreads(application)
    cookie = [(b"cookie", b"csrftoken=1"), (b"cookie", b"a=b; sessionid=abc")]
    for kind, scope in (
        ("request", STRANGER),
        ("request", {"type": "websocket", "headers": cookie[:1]}),
        ("patient", {"type": "websocket", "headers": cookie}),
        ("patient", {"type": "http", "method": "GET", "headers": cookie}),
        ("patient", STRANGER | {"method": "POST"}),
    ):
        for _ in range(COUNT):
            await shared(scope | {"kind": kind}, None, None)
    assert len(used["request"]) == len(used["patient"]) == COUNT
    assert not used["request"] & used["patient"]


def test_viewers_of_mjpeg_keep_no_thread_each(cameras: RunningServer) -> None:
    for _ in range(2 * COUNT):
        ask(cameras, "/api/streams")
    before = cameras.threads
    with ExitStack() as viewers:
        for _ in range(12):
            next(parts(viewers.enter_context(opened(cameras, "/streams/one/mjpeg"))))
        # The camera has one, and so may have what is shared by all.
        assert cameras.threads - before < 6
