"""Bad input, and the answer: each row of the table, on each real server.

Slow headers are in test_half_open.py; what floods, and who never reads, cost the server and others
in test_servers.py, test_floods.py and test_media.py.
"""

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from functools import partial
from itertools import count
from typing import Any

import psutil
import pytest
from prometheus_client.parser import text_string_to_metric_families

from streamer.codec import JpegFrame
from streamer.errors import Code
from tests import footage
from tests.bad_messages import BAD_MESSAGES
from tests.bad_pictures import BAD_PICTURES, whole_with_noise
from tests.hostile import (
    MIB,
    ONGOING,
    End,
    Target,
    joined,
    numbered,
    sends,
    sends_bad_pictures,
    sends_bad_pictures_plainly,
    until_end,
)
from tests.server import RunningServer, serve
from tests.settings import OWNER_TOKEN
from tests.test_servers import linux_only
from tests.watching import ask

SECONDS = 20
"""How long a test waits for what has to come."""

CAMERA = "yard"
ENVIRON = {
    "STREAMER_CAMERAS": json.dumps({CAMERA: {"source": "pattern:", "fps": 10}}),
    # Soon, so that the tests do not wait long.
    "STREAMER_STALL_TIMEOUT": "4",  # longer than credit may be exceeded
    "STREAMER_FIRST_FRAME_TIMEOUT": "2",
    "STREAMER_IDLE_TIMEOUT": "2",
    "STREAMER_LINGER": "0.5",
    # What one address may is not what is tested here: all come from this machine.
    "STREAMER_HANDSHAKES_PER_MINUTE": "100000",
    "STREAMER_MAX_SESSIONS_PER_ADDRESS": "64",
    "STREAMER_MAX_BYTES_PER_SECOND": str(2 * MIB),  # which the honest have not
    # Nor is how many frames a second are worked on.
    "STREAMER_MAX_FPS": "1000",
}

MOST_MS = 5.0
"""CPU of the server that a whole message may cost."""
REPEATS, TRIES = 20, 5
MOST_GROWTH = 8 * MIB
"""What a process may grow by for reasons of its own; what is sent is several times that."""


@pytest.fixture(scope="module")
def site(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server that all of these tests share; none leaves a traceback in its log."""
    folder = tmp_path_factory.mktemp(f"hostile-{server_name}")
    with serve(folder, "--server", server_name, **ENVIRON) as running:
        yield running
        assert running.process.poll() is None, "the server went down"
        assert "Traceback" not in running.log
        assert "never retrieved" not in running.log


@pytest.fixture(scope="module")
def target(site: RunningServer) -> Target:
    return _target(site)


def _target(site: RunningServer) -> Target:
    return Target(site.url, OWNER_TOKEN, CAMERA)


@asynccontextmanager
async def neighbour(target: Target) -> AsyncIterator[None]:
    """Have an honest session beside what the block does: each picture is answered by its own
    result, and none is dropped."""
    is_over = asyncio.Event()
    async with joined(target) as socket:

        async def talk() -> int:
            seq = 0
            while not is_over.is_set() or seq < 3:
                seq += 1
                await socket.send(numbered(seq, footage.jpeg()))
                answer = await _answer(socket)
                assert (answer["type"], answer["seq"], answer["dropped"]) == ("result", seq, 0)
                await asyncio.sleep(0.04)
            return seq

        talking = asyncio.create_task(talk())
        try:
            yield
        finally:
            is_over.set()
            await talking


def counted(site: RunningServer) -> Counter[str]:
    """Return what /metrics has counted: refusals by code, and webcams' frames that were bad."""
    found: Counter[str] = Counter()
    for family in text_string_to_metric_families(ask(site, "/metrics").words):
        for sample in family.samples:
            if sample.name == "videostream_refusals_total":
                found[sample.labels["code"]] += int(sample.value)
            elif sample.name == "videostream_drops_total" and sample.labels["source"] == "webcam":
                found[sample.labels["reason"]] += int(sample.value)
    return found


async def _answer(socket: Any) -> dict[str, Any]:
    """Return what answers a message; hello and pace answer none."""
    async with asyncio.timeout(SECONDS):
        while True:
            message: dict[str, Any] = json.loads(await socket.recv())
            if message["type"] not in ("hello", "pace"):
                return message


# Whole messages


@pytest.mark.parametrize("name", BAD_PICTURES)
async def test_a_bad_picture_is_told_with_its_number_and_ten_end_the_session(
    site: RunningServer, target: Target, name: str
) -> None:
    bad = BAD_PICTURES[name]
    before = counted(site)
    async with neighbour(target):
        end = await sends_bad_pictures(target, bad.data)
    assert counted(site) - before == {"bad": 10, str(int(bad.code)): 10, "4003": 1}
    assert [error["code"] for error in end.told] == [bad.code] * 9 + [Code.BAD_FRAMES]
    assert [error["seq"] for error in end.told] == list(range(1, 11))
    assert all(re.search(bad.says, error["message"]) for error in end.told)
    assert end.told[-1]["message"].startswith("10 bad frames in a row. The last: ")
    assert end.code == Code.BAD_FRAMES


@pytest.mark.parametrize("name", BAD_PICTURES)
async def test_bad_pictures_end_a_plain_session_without_a_word(target: Target, name: str) -> None:
    end = await sends_bad_pictures_plainly(target, BAD_PICTURES[name].data)
    assert end == End([], Code.BAD_FRAMES)


@pytest.mark.parametrize("name", BAD_PICTURES)
async def test_after_a_bad_picture_a_good_one_is_worked_on(target: Target, name: str) -> None:
    async with joined(target) as socket:
        await socket.send(numbered(1, BAD_PICTURES[name].data))
        assert (await _answer(socket))["type"] == "error"
        await socket.send(numbered(2, footage.jpeg()))
        assert (await _answer(socket))["type"] == "result"


@pytest.mark.parametrize("speaks_v1", [True, False], ids=["v1", "plain"])
async def test_bytes_behind_a_whole_picture_are_ignored(target: Target, speaks_v1: bool) -> None:
    picture = whole_with_noise()
    async with joined(target, speaks_v1=speaks_v1) as socket:
        await socket.send(numbered(1, picture) if speaks_v1 else picture)
        if speaks_v1:
            assert (await _answer(socket))["type"] == "result"
        else:
            async with asyncio.timeout(SECONDS):
                assert str(await socket.recv()).startswith("/9j/")
    assert JpegFrame(picture).width == JpegFrame(footage.jpeg()).width


@pytest.mark.parametrize("name", BAD_MESSAGES)
async def test_what_cannot_be_used_is_told_with_what_to_do(
    site: RunningServer, target: Target, name: str
) -> None:
    bad = BAD_MESSAGES[name]
    before = counted(site)
    async with neighbour(target):
        end = await sends(target, *bad.messages)
    assert (counted(site) - before)[str(int(bad.code))] == 1
    (error,) = end.told
    assert (error["type"], error["code"]) == ("error", bad.code)
    assert re.search(bad.says, error["message"])
    assert end.code == (bad.code if bad.ends else Code.ENDED)


@pytest.mark.parametrize("name", BAD_MESSAGES)
async def test_a_plain_session_is_closed_with_the_code_alone(target: Target, name: str) -> None:
    *_, message = BAD_MESSAGES[name].messages
    if isinstance(message, str):
        end = await sends(target, message, speaks_v1=False)
        assert end == End([], Code.UNKNOWN_MESSAGE)
    elif name == "over-512-kib":
        assert await sends(target, message, speaks_v1=False) == End([], Code.TOO_LARGE)
    else:  # without a number they are pictures, good or bad
        assert len(message) < 524_288


@pytest.mark.parametrize("speaks_v1", [True, False], ids=["v1", "plain"])
async def test_an_empty_message_is_the_end(target: Target, speaks_v1: bool) -> None:
    async with joined(target, speaks_v1=speaks_v1) as socket:
        await socket.send(b"")
        assert await until_end(socket) == End([], Code.ENDED)


# What goes on until the server ends it


@pytest.fixture(scope="module")
def ends(site: RunningServer, target: Target) -> Mapping[str, End | BaseException]:
    """Return what came of all that goes on, done at once beside an honest session."""

    async def act_all() -> list[End | BaseException]:
        async with neighbour(target):
            acts = (ONGOING[name](target) for name in ANSWERS)
            return await asyncio.gather(*acts, return_exceptions=True)

    before = counted(site)
    found = dict(zip(ANSWERS, asyncio.run(act_all()), strict=True))
    codes = Counter(end.code for end in found.values() if isinstance(end, End))
    for code in Code:  # those of the server library are not ours to count
        assert codes[code] <= counted(site)[str(int(code))] - before[str(int(code))]
    return found


CUT = None
"""Instead of a code, where the connection was cut."""

ANSWERS: dict[str, tuple[set[int | None], str]] = {
    "sends_a_mebibyte_and_more": ({1009, CUT}, ""),
    "sends_64_mebibytes": ({1009, CUT}, ""),
    "floods_with_text": (
        {Code.TOO_MANY},
        r"at most \d+ bytes a second, .* came more\. Send fewer",
    ),
    "floods_with_pictures": (
        {Code.TOO_MANY}, r"at most \d+ bytes a second, .* came more\. Send fewer"
    ),
    "never_speaks": ({Code.ENDED}, "a frame within 2 s, came none. Connect again with"),
    "sends_a_message_slowly": ({Code.ENDED}, "a frame within 2 s, came none. Connect again with"),
    "floods_with_text_and_never_reads": ({Code.NOT_READING, CUT}, ""),
    "ignores_its_credit": (
        {Code.CREDIT_EXCEEDED}, "at most 2 frames unanswered, had more than 16 for 2 s. Wait for"
    ),
    "never_reads_its_pictures": ({CUT}, ""),
    "never_acknowledges": (
        {Code.NOT_READING}, "an acknowledgement within 4 s, came none. Acknowledge pictures, or"
    ),
    "acknowledges_what_never_came": (
        {Code.UNKNOWN_MESSAGE}, "Expected a picture up to 0, came 1000000. Acknowledge what came"
    ),
    "never_reads_what_it_watches": ({CUT}, ""),
    "never_reads_a_stream": ({CUT}, ""),
    "sends_one_byte_fragments": ({1008, CUT}, ""),
    "vanishes": ({CUT}, ""),
}  # fmt: skip
"""What ends each: codes, and a pattern of the last error's words where it is told."""


@pytest.mark.parametrize("name", ANSWERS)
def test_what_goes_on_is_ended(ends: Mapping[str, End | BaseException], name: str) -> None:
    codes, says = ANSWERS[name]
    end = ends[name]
    assert isinstance(end, End), end
    assert end.code in codes
    if says:
        assert re.search(says, end.told[-1]["message"])
        assert end.told[-1]["code"] == end.code


def test_each_thing_that_goes_on_has_its_row() -> None:
    elsewhere = {"sends_a_header_slowly"}  # in test_half_open.py: a request has 20 s to come
    assert set(ANSWERS) == set(ONGOING) - elsewhere


# What it costs


@pytest.fixture(scope="module")
def quiet_site(
    server_name: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """Return a server that nobody else uses, where bad frames end no session."""
    folder = tmp_path_factory.mktemp(f"quiet-{server_name}")
    more = {"STREAMER_MAX_BAD_FRAMES": "1000000", "STREAMER_MAX_BYTES_PER_SECOND": "1000000000"}
    with serve(folder, "--server", server_name, **(ENVIRON | more)) as running:
        yield running


@pytest.fixture(scope="module")
def idle(quiet_site: RunningServer) -> float:
    """Return the share of a core that the server uses when it is left alone, once all is loaded."""

    async def left_alone() -> float:
        async with neighbour(_target(quiet_site)):
            pass
        return await _used(quiet_site, partial(asyncio.sleep, 0.5)) / 0.5

    return min(asyncio.run(left_alone()) for _ in range(3))


@pytest.fixture(scope="module")
def connection_ms(quiet_site: RunningServer, idle: float) -> float:
    """Return the CPU of a connection over which nothing is said."""

    async def say_nothing() -> None:
        async with joined(_target(quiet_site)) as socket:
            await socket.send(b"")
            assert (await until_end(socket)).code == Code.ENDED

    async def costs() -> list[float]:
        return [await _cost_ms(quiet_site, idle, say_nothing) for _ in range(TRIES)]

    return min(asyncio.run(costs()))


async def _used(site: RunningServer, act: Callable[[], Awaitable[object]], times: int = 1) -> float:
    """Return the seconds of CPU that the server uses while something is done so many times."""
    process = psutil.Process(site.process.pid)
    before = process.cpu_times()
    for _ in range(times):
        await act()
    after = process.cpu_times()
    return after.user + after.system - before.user - before.system


async def _cost_ms(site: RunningServer, idle: float, act: Callable[[], Awaitable[object]]) -> float:
    """Return the CPU of something in milliseconds: the mean of many, without what the server spends
    when it is left alone."""
    start = time.monotonic()
    used = await _used(site, act, REPEATS)
    return (used - idle * (time.monotonic() - start)) * 1e3 / REPEATS


async def check_cost(
    site: RunningServer,
    idle: float,
    act: Callable[[], Awaitable[object]],
    besides_ms: float = 0,
) -> None:
    """Fail where something costs more CPU than a message may, and so much besides. The machine may
    be busy: one of a few tries is enough."""
    costs: list[float] = []
    while not costs or (costs[-1] >= MOST_MS and len(costs) < TRIES):
        costs.append(await _cost_ms(site, idle, act) - besides_ms)
    assert costs[-1] < MOST_MS, costs


@pytest.mark.parametrize("name", BAD_PICTURES)
async def test_a_bad_picture_costs_little(
    quiet_site: RunningServer, idle: float, name: str
) -> None:
    async with joined(_target(quiet_site)) as socket:
        seq = count(1)

        async def once() -> None:
            await socket.send(numbered(next(seq), BAD_PICTURES[name].data))
            assert (await _answer(socket))["type"] == "error"

        await check_cost(quiet_site, idle, once)


# Before others goes a good picture, which costs what one does.
@pytest.mark.parametrize("name", [n for n, bad in BAD_MESSAGES.items() if len(bad.messages) == 1])
async def test_what_cannot_be_used_costs_little(
    quiet_site: RunningServer, idle: float, connection_ms: float, name: str
) -> None:
    act = partial(sends, _target(quiet_site), *BAD_MESSAGES[name].messages)
    await check_cost(quiet_site, idle, act, connection_ms)


@linux_only
async def test_nothing_of_it_stays_in_memory(quiet_site: RunningServer) -> None:
    target = _target(quiet_site)
    pictures = [bad.data for bad in BAD_PICTURES.values()] * 5

    async def round_of_all() -> int:
        for bad in BAD_MESSAGES.values():
            await sends(target, *bad.messages)
        async with joined(target) as socket:
            for seq, picture in enumerate(pictures, 1):
                await socket.send(numbered(seq, picture))
                assert (await _answer(socket))["type"] == "error"
        return sum(map(len, pictures))

    await round_of_all()
    before = quiet_site.memory
    sent = sum([await round_of_all() for _ in range(6)])
    assert sent > 4 * MOST_GROWTH
    assert quiet_site.memory - before < MOST_GROWTH
