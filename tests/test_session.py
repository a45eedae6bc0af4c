"""One webcam's frames, with a real pipeline and pool but no socket."""

import asyncio
import json
import struct
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
import pytest

from streamer import pipeline as pipeline_module
from streamer import session as session_module
from streamer.codec import JpegFrame, encode
from streamer.dialects import Dialect, Message, Plain, Version1
from streamer.errors import Code, MessageError
from streamer.pipeline import DetectorSpec
from streamer.pool import Pool
from streamer.session import LEEWAY, Session, SessionLimits
from streamer.stream import Picture, Stream, Viewer
from streamer.types import Detections, Detector, Frame, Limits, State
from streamer.wire import SettingsChange
from tests import footage
from tests.cameras import SECONDS, until
from tests.hang import Deadline, Hang, HangingDetector


class GateDetector(Detector):
    """Holds each frame until it is let through."""

    name = "gate"
    entered: threading.Semaphore
    opened: threading.Semaphore

    def detect(self, frame: Frame, found: Detections) -> Detections:
        self.entered.release()
        assert self.opened.acquire(timeout=20)
        return found


class BrokenDetector(Detector):
    """Fails on every frame."""

    name = "broken"

    def detect(self, frame: Frame, found: Detections) -> Detections:
        raise RuntimeError("out of order")


class NeedyDetector(Detector):
    """Needs what fails."""

    name = "needy"
    requires = ("broken",)

    def detect(self, frame: Frame, found: Detections) -> Detections:
        raise AssertionError("what it needs was not found")


class CountingDetector(Detector):
    """Counts the frames that it sees."""

    name = "counting"
    count = 0

    def detect(self, frame: Frame, found: Detections) -> Detections:
        type(self).count += 1
        return found.with_finding("counting")


class Client:
    """What the other end of a session's socket gets."""

    def __init__(self) -> None:
        self.messages: asyncio.Queue[Message] = asyncio.Queue()

    async def send(self, message: Message) -> None:
        await self.messages.put(message)

    async def next(self) -> dict[str, Any]:
        message = await asyncio.wait_for(self.messages.get(), 20)
        decoded: dict[str, Any] = json.loads(message)
        return decoded


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[Pool]:
    """Return a pool whose pace a test sets: that of a busy machine may be any."""
    pool = Pool(2)
    monkeypatch.setattr(pool, "measure", lambda: None)
    yield pool
    pool.shutdown()


@pytest.fixture
def gate() -> type[GateDetector]:
    class Gate(GateDetector):
        entered = threading.Semaphore(0)
        opened = threading.Semaphore(0)

    return Gate


Start = Callable[..., Any]


@pytest.fixture
def start(pool: Pool) -> Start:
    """Return a context manager that runs a session with these detectors."""

    @asynccontextmanager
    async def started(
        *detectors: type[Detector] | DetectorSpec,
        dialect: Dialect | None = None,
        limits: SessionLimits | None = None,
        pool: Pool = pool,
    ) -> AsyncIterator[tuple[Session, Client, asyncio.Task[None]]]:
        client = Client()
        session = Session(
            [cls if isinstance(cls, DetectorSpec) else DetectorSpec(cls) for cls in detectors],
            dialect or Version1(),
            limits or SessionLimits(max_fps=1000),
            pool,
            client.send,
        )
        task = asyncio.create_task(session.run())
        try:
            yield session, client, task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    return started


def frame(seq: int, jpeg: bytes | None = None) -> bytes:
    return struct.pack("<I", seq) + (footage.jpeg() if jpeg is None else jpeg)


async def entered(gate: type[GateDetector]) -> None:
    """Wait until a frame is in work."""
    assert await asyncio.to_thread(gate.entered.acquire, timeout=20)


async def ends(task: Awaitable[None]) -> MessageError:
    with pytest.raises(MessageError) as caught:
        await asyncio.wait_for(task, 20)
    assert caught.value.fatal
    return caught.value


async def test_every_frame_that_comes_in_time_is_answered(start: Start) -> None:
    async with start() as (session, client, _):
        for seq in (1, 5, 9):
            session.submit(frame(seq))
            answer = await client.next()
            assert (answer["seq"], answer["dropped"]) == (seq, 0)


async def test_one_is_in_work_one_waits_and_the_newest_wins(
    start: Start, gate: type[GateDetector]
) -> None:
    async with start(gate) as (session, client, _):
        session.submit(frame(1))
        await entered(gate)
        for seq in range(2, 7):
            session.submit(frame(seq))
        gate.opened.release(2)
        first, second = await client.next(), await client.next()
        assert (first["seq"], second["seq"]) == (1, 6)
        assert second["dropped"] == 4
        assert client.messages.empty()


async def test_two_sessions_do_not_share_their_slots(
    start: Start, gate: type[GateDetector]
) -> None:
    async with start(gate) as (one, one_client, _), start() as (other, other_client, _):
        one.submit(frame(1))
        await entered(gate)
        other.submit(frame(1))
        assert (await other_client.next())["seq"] == 1
        assert one_client.messages.empty()
        gate.opened.release()
        assert (await one_client.next())["seq"] == 1


async def test_a_bad_frame_is_answered_with_its_number_and_the_session_goes_on(
    start: Start,
) -> None:
    async with start() as (session, client, _):
        session.submit(frame(1, b"no picture"))
        answer = await client.next()
        assert (answer["type"], answer["seq"], answer["code"]) == ("error", 1, 4000)
        session.submit(frame(2))
        assert (await client.next())["type"] == "result"


async def test_ten_bad_frames_in_a_row_end_it(start: Start) -> None:
    async with start() as (session, client, task):
        for seq in range(9):
            session.submit(frame(seq, b"no picture"))
            assert (await client.next())["seq"] == seq
        session.submit(frame(9, b"no picture"))
        error = await ends(task)
        assert (error.code, error.seq) == (Code.BAD_FRAMES, 9)


async def test_a_good_frame_starts_the_count_of_bad_ones_anew(start: Start) -> None:
    async with start() as (session, client, task):
        for seq in range(19):
            session.submit(frame(seq, None if seq == 9 else b"no picture"))
            await client.next()
        assert not task.done()


async def test_a_plain_client_has_its_bad_frames_dropped(start: Start) -> None:
    async with start(dialect=Plain()) as (session, client, task):
        session.submit(b"no picture")
        for _ in range(100):  # the bad frame must be done with before the next comes
            if session.bad_frames:
                break
            await asyncio.sleep(0.01)
        session.submit(footage.jpeg())
        message = await asyncio.wait_for(client.messages.get(), 20)
        assert isinstance(message, str)
        assert message.startswith("/9j/")  # ff d8 ff in base64
        assert not task.done()


@pytest.mark.usefixtures("untold")
async def test_a_detector_that_fails_is_told_once_and_left_out(
    start: Start, caplog: pytest.LogCaptureFixture
) -> None:
    async with start(BrokenDetector, NeedyDetector, CountingDetector) as (session, client, _):
        session.submit(frame(1))
        result = await client.next()
        assert result["detections"].keys() == {"size", "counting"}
        error = await client.next()
        assert (error["code"], error.get("seq")) == (Code.INTERNAL, None)
        assert error["message"].startswith("Failed, and off now: broken.")
        assert "out of order" not in error["message"]
        told = await client.next()
        assert (told["type"], told["detectors"]) == ("settings", ["counting"])
        for seq in range(2, 5):
            session.submit(frame(seq))
            assert (await client.next())["type"] == "result"
        assert caplog.text.count("the detector broken failed") == 1
        assert "out of order" in caplog.text
        session.change(SettingsChange(detectors=["needy"]))  # asked for again, it is tried again
        session.submit(frame(5))
        assert [(await client.next())["type"] for _ in range(3)] == ["result", "error", "settings"]


@pytest.mark.usefixtures("untold")
async def test_a_frame_that_is_lost_to_our_fault_does_not_end_the_session(
    start: Start, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("no ink")

    async with start() as (session, client, _):
        with monkeypatch.context() as fault:
            fault.setattr(pipeline_module, "annotate", fail)
            for seq in range(1, 15):  # it is not the client's fault, however often it happens
                session.submit(frame(seq))
                answer = await client.next()
                assert (answer["code"], answer["seq"]) == (Code.INTERNAL, seq)
                assert "no ink" not in answer["message"]
        session.submit(frame(20))
        assert (await client.next())["type"] == "result"
    assert caplog.text.count("RuntimeError: no ink") == 1


async def test_too_many_bytes_end_the_session(start: Start) -> None:
    limits = SessionLimits(frame=Limits(max_bytes=5000))
    async with start(limits=limits) as (session, _, _):
        with pytest.raises(MessageError, match="at most 5000 bytes") as caught:
            session.submit(frame(1, bytes(5001)))
        assert (caught.value.code, caught.value.fatal) == (Code.TOO_LARGE, True)
        assert caught.value.seq == 1


async def test_credit_far_exceeded_for_long_ends_the_session(
    start: Start, gate: type[GateDetector], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "CREDIT_SECONDS", 0.05)
    async with start(gate) as (session, _, _):
        session.submit(frame(0))
        await entered(gate)
        for seq in range(1, 18):
            session.submit(frame(seq))
        await asyncio.sleep(0.1)
        with pytest.raises(MessageError, match="unanswered") as caught:
            session.submit(frame(18))
        assert caught.value.code is Code.CREDIT_EXCEEDED
        gate.opened.release(20)


async def test_who_waits_for_answers_has_credit_for_ever(
    start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "CREDIT_SECONDS", 0.01)
    async with start() as (session, client, task):
        for seq in range(40):
            session.submit(frame(seq))
            assert (await client.next())["seq"] == seq
        assert not task.done()


async def test_a_plain_client_has_no_credit_to_exceed(
    start: Start, gate: type[GateDetector], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session_module, "CREDIT_SECONDS", 0.05)
    async with start(gate, dialect=Plain()) as (session, client, _):
        session.submit(footage.jpeg())
        await entered(gate)
        for _ in range(30):
            session.submit(footage.jpeg())
        await asyncio.sleep(0.1)
        session.submit(footage.jpeg())
        gate.opened.release(20)
        assert await asyncio.wait_for(client.messages.get(), 20)


async def test_above_the_frame_rate_the_newest_waits_for_its_turn(start: Start) -> None:
    async with start(limits=SessionLimits(max_fps=10)) as (session, client, task):
        loop = asyncio.get_running_loop()
        began, answers = loop.time(), []
        for seq in range(60):
            session.submit(frame(seq))
            await asyncio.sleep(0.01)
        elapsed = loop.time() - began
        while not client.messages.empty():
            answers.append(await client.next())
        # The first two may go at once: the rate is kept from then on.
        assert 3 <= len(answers) <= elapsed * 10 * LEEWAY + 2
        assert all(answer["type"] == "result" for answer in answers)
        assert not task.done()


async def test_settings_answer_with_what_is_required(start: Start) -> None:
    class Second(BrokenDetector):
        name = "second"
        requires = ("broken",)

    async with start(BrokenDetector, Second) as (session, _, _):
        session.change(SettingsChange(detectors=["second"], quality=33, reply="binary"))
        assert session.settings.detectors == ("broken", "second")
        assert (session.settings.quality, session.settings.reply) == (33, "binary")


async def test_an_unknown_detector_leaves_the_settings_as_they_were(start: Start) -> None:
    async with start(BrokenDetector) as (session, _, _):
        before = session.settings
        with pytest.raises(MessageError, match="among broken; came 'hands'") as caught:
            session.change(SettingsChange(detectors=["hands"], quality=33))
        assert session.settings == before
        assert not caught.value.fatal


async def test_a_frame_that_waits_for_its_turn_gives_way_to_a_newer_one(
    start: Start, gate: type[GateDetector]
) -> None:
    """Both threads are taken by others: what the session has last is what is worked on."""
    async with start(gate) as (one, _, _), start(gate) as (other, _, _), start() as third:
        session, client, _ = third
        for busy in (one, other):
            busy.submit(frame(0))
            await entered(gate)
        for seq in range(3):
            session.submit(frame(seq))
            await asyncio.sleep(0.02)
        gate.opened.release(2)
        answer = await client.next()
        assert (answer["seq"], answer["dropped"]) == (2, 2)


async def test_a_client_is_told_the_pace_when_it_changes(start: Start, pool: Pool) -> None:
    async with start() as (session, client, _):
        for seq, fps in enumerate([None, 12.5, 12.6, 6.04, None]):
            pool.fps = fps
            session.submit(frame(seq))
            assert (await client.next())["seq"] == seq
            if seq in (1, 3, 4):
                pace = await client.next()
                assert pace == {
                    "type": "pace",
                    "window": 2,
                    "fps": {1: 12.5, 3: 6.0, 4: None}[seq],
                }
        assert client.messages.empty()


async def test_a_plain_client_gets_pictures_whatever_the_pace(start: Start, pool: Pool) -> None:
    async with start(dialect=Plain()) as (session, client, _):
        for fps in (5.0, 2.0):
            pool.fps = fps
            session.submit(footage.jpeg())
            assert str(await asyncio.wait_for(client.messages.get(), 20)).startswith("/9j/")
        assert client.messages.empty()


@pytest.mark.parametrize("reply", ["base64", "binary", "results"])
async def test_a_frame_that_is_shared_is_worked_on_once_for_all(start: Start, reply: Any) -> None:
    class Counting(CountingDetector):
        count = 0

    stream = Stream("webcam", "webcam", quality=60)
    stream.tell(State.LIVE)
    async with start(Counting) as (session, client, _):
        session.change(SettingsChange(reply=reply, quality=60, width=320))
        session.shared = stream
        with stream.watch() as whole, stream.watch(320) as small, stream.watch(320) as other:
            for seq in range(3):
                session.submit(frame(seq))
                answer = await asyncio.wait_for(client.messages.get(), 20)
                shown = [await picture(viewer) for viewer in (whole, small, other)]
                assert shown[1] is shown[2]
                assert [JpegFrame(each.jpeg).width for each in shown] == [640, 320, 320]
                assert all(each.moment.seq == seq + 1 for each in shown)
                assert "counting" in shown[0].moment.detections.findings
                if reply == "binary":  # of the same form, so it is the same picture
                    assert isinstance(answer, bytes)
                    assert answer.endswith(shown[1].jpeg)
        assert Counting.count == 3
        session.submit(frame(3))  # with nobody there
        await client.messages.get()
        assert stream.moment is None


async def test_a_frame_of_no_use_is_shown_to_nobody(start: Start) -> None:
    stream = Stream("webcam", "webcam")
    stream.tell(State.LIVE)
    async with start() as (session, client, _):
        session.shared = stream
        with stream.watch() as viewer:
            session.submit(frame(0, b"no picture"))
            assert (await client.next())["type"] == "error"
            session.submit(frame(1))
            assert (await client.next())["type"] == "result"
            assert (await picture(viewer)).moment.seq == 1


async def test_what_is_in_work_when_sharing_ends_is_shown_to_nobody(
    start: Start, gate: type[GateDetector]
) -> None:
    stream = Stream("webcam", "webcam")
    stream.tell(State.LIVE)
    async with start(gate) as (session, client, _):
        session.shared = stream
        with stream.watch():
            session.submit(frame(0))
            await entered(gate)
            session.shared = None
            gate.opened.release()
            assert (await client.next())["type"] == "result"
        assert stream.moment is None


async def picture(viewer: Viewer) -> Picture:
    """Return the viewer's next picture; states before it are passed over."""
    while not isinstance(news := await asyncio.wait_for(viewer.next(), 20), Picture):
        pass
    return news


DARK = encode(np.zeros((48, 64, 3), np.uint8), 80)
"""What a `HangingDetector` hangs at."""


@pytest.mark.usefixtures("untold")
async def test_a_frame_that_takes_too_long_is_given_up_and_told_and_the_session_goes_on(
    start: Start, deadline: Deadline, hang: Hang, caplog: pytest.LogCaptureFixture
) -> None:
    spec = DetectorSpec(HangingDetector, {"hang": hang})
    async with start(spec, pool=deadline.pool) as (session, client, _):
        session.submit(frame(1, DARK))
        await deadline.pass_by(hang)
        told = await client.next()
        assert (told["type"], told["code"], told["seq"]) == ("error", Code.INTERNAL, 1)
        assert told["message"] == (
            "Expected at most 1000 s of work, came no end to it. The frame is given up: the "
            "detector hanging does not end. Go on; if it happens again, switch hanging off."
        )
        session.submit(frame(2))
        result = await client.next()
        assert (result["type"], result["seq"]) == ("result", 2)
        assert "hanging" in result["detections"], "it is tried again, in a new instance"
        hang.opened.set()
        await until(lambda: deadline.pool.hung == 0)
        assert client.messages.empty(), "what comes too late is told to nobody"
    assert "a frame was given up: the detector hanging does not end" in caplog.text
    assert "self.opened.wait" in caplog.text, "the log says where it hangs"


async def test_three_frames_in_a_row_that_take_too_long_end_the_session(
    start: Start, deadline: Deadline, hang: Hang
) -> None:
    spec = DetectorSpec(HangingDetector, {"hang": hang})
    async with start(spec, pool=deadline.pool) as (session, client, task):
        for seq, jpeg in enumerate([DARK, DARK, None, DARK, b"no picture", DARK]):
            session.submit(frame(seq, jpeg))
            if jpeg is DARK:
                await deadline.pass_by(hang)
            assert (await client.next())["seq"] == seq
        session.submit(frame(9, DARK))
        await deadline.pass_by(hang)
        error = await ends(task)
    assert (error.code, error.seq) == (Code.BAD_FRAMES, 9)
    assert str(error).startswith("3 frames in a row took too long. The last: Expected at most")
    assert str(error).endswith("Connect again and switch hanging off.")


async def test_while_one_session_hangs_the_others_go_on(
    start: Start, deadline: Deadline, hang: Hang
) -> None:
    spec = DetectorSpec(HangingDetector, {"hang": hang})
    pool = deadline.pool
    async with start(spec, pool=pool) as (ill, told, _), start(spec, pool=pool) as (well, got, _):
        ill.submit(frame(1, DARK))
        await hang.entered()
        for seq in range(3):
            well.submit(frame(seq))
            assert (await got.next())["seq"] == seq
        hang.opened.set()
        assert (await told.next())["type"] == "result"


async def test_who_leaves_while_a_frame_hangs_waits_for_nothing(
    start: Start, deadline: Deadline, hang: Hang
) -> None:
    spec = DetectorSpec(HangingDetector, {"hang": hang})
    async with start(spec, pool=deadline.pool) as (session, _, task):
        session.submit(frame(1, DARK))
        await hang.entered()
        task.cancel()
        async with asyncio.timeout(SECONDS):
            await asyncio.gather(task, return_exceptions=True)


async def test_a_frame_that_hangs_before_detectors_run_is_told_as_such(
    start: Start, deadline: Deadline, hang: Hang, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start(pool=deadline.pool) as (session, client, _):
        monkeypatch.setattr(pipeline_module, "annotate", lambda *_: hang())
        session.submit(frame(1))
        await deadline.pass_by(hang)
        told = await client.next()
    assert told["code"] == Code.INTERNAL
    assert "decoding or drawing does not end" in told["message"]
    assert "send smaller pictures" in told["message"]
