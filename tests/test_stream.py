"""What viewers of one stream are given, by a clock that the tests turn."""

from __future__ import annotations

import asyncio
import json
from contextlib import ExitStack
from types import SimpleNamespace

import pytest

from streamer import stream as stream_module
from streamer.stream import LEEWAY, Picture, Status, Stream, Viewer
from streamer.types import Box, Detections, PictureForm, State
from tests.cameras import SECONDS, until
from tests.clock import Clock

SEEN = Detections((640, 480), motion=(Box(1, 2, 3, 4),))


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    clock.now = 1000.0
    monkeypatch.setattr(stream_module, "time", SimpleNamespace(monotonic=clock))
    return clock


@pytest.fixture
def stream() -> Stream:
    stream = Stream("porch", "camera")
    stream.tell(State.LIVE)
    return stream


def publish(stream: Stream, words: str, taken: float = 0.0) -> None:
    """Publish a picture, the same in all forms that are wanted."""
    stream.publish(taken, SEEN, {form: words.encode() for form in stream.wanted()})


async def news(viewer: Viewer) -> Status | Picture:
    async with asyncio.timeout(SECONDS):
        return await viewer.next()


async def shown(viewer: Viewer) -> str:
    """Return the next picture, whatever is told before."""
    while True:
        if isinstance(came := await news(viewer), Picture):
            return came.jpeg.decode()


async def has_news(viewer: Viewer) -> bool:
    """Tell whether anything waits for a viewer."""
    try:
        async with asyncio.timeout(0):
            await viewer.next()
    except TimeoutError:
        return False
    return True


async def test_the_status_comes_first_then_pictures(stream: Stream) -> None:
    with stream.watch() as viewer:
        publish(stream, "one")
        assert isinstance(first := await news(viewer), Status)
        assert first.state is State.LIVE
        picture = await news(viewer)
        assert isinstance(picture, Picture)
        assert (picture.jpeg, picture.moment.seq) == (b"one", 1)
        assert picture.moment.detections is SEEN


async def test_the_newest_wins_and_what_was_left_out_is_counted(stream: Stream) -> None:
    with stream.watch() as viewer:
        for words in ("one", "two", "three"):
            publish(stream, words)
        assert await shown(viewer) == "three"
        assert viewer.dropped == 2


async def test_no_picture_comes_twice(stream: Stream) -> None:
    with stream.watch() as viewer:
        publish(stream, "one")
        assert await shown(viewer) == "one"
        viewer.wake()
        assert not await has_news(viewer)
        publish(stream, "two")
        assert await shown(viewer) == "two"


async def test_a_viewer_that_waits_wakes_when_a_picture_comes(stream: Stream) -> None:
    with stream.watch() as viewer:
        await news(viewer)
        waiting = asyncio.create_task(shown(viewer))
        await asyncio.sleep(0)
        assert not waiting.done()
        publish(stream, "one")
        assert await waiting == "one"


async def test_one_that_takes_none_now_gets_the_newest_when_it_does(stream: Stream) -> None:
    with stream.watch() as viewer:
        await news(viewer)
        viewer.is_ready = False
        publish(stream, "one")
        publish(stream, "two")
        assert not await has_news(viewer)
        stream.tell(State.LIVE, "but slow")
        assert isinstance(await news(viewer), Status), "the status comes all the same"
        viewer.is_ready = True
        viewer.wake()
        assert await shown(viewer) == "two"


@pytest.mark.parametrize(("fps", "camera", "least"), [(10, 30, 10), (15, 30, 15), (30, 30, 30)])
async def test_a_viewer_gets_as_many_pictures_a_second_as_it_asks_for(
    stream: Stream, clock: Clock, fps: int, camera: int, least: int
) -> None:
    """Frames come a little early and late by turns."""
    came = 0
    with stream.watch(fps=fps) as viewer:
        start = clock.now
        for number in range(10 * camera):
            clock.now = start + number / camera + 0.003 * (number % 2)
            publish(stream, str(number))
            came += await has_news(viewer)
    came -= 1  # the status
    assert 10 * least * 0.98 <= came <= 10 * fps * LEEWAY + 1


async def test_of_a_pause_one_picture_is_made_up_for(stream: Stream, clock: Clock) -> None:
    with stream.watch(fps=10) as viewer:
        publish(stream, "before")
        clock.now += 60
        for number in range(9):
            publish(stream, str(number))
            clock.now += 0.01
        assert await shown(viewer) == "1"
        assert not await has_news(viewer)


async def test_only_forms_that_some_viewer_would_take_now_are_wanted(
    stream: Stream, clock: Clock
) -> None:
    assert stream.wanted() == set()
    with stream.watch(320, fps=1), stream.watch(320, fps=1), stream.watch() as whole:
        small, large = PictureForm(70, 320), PictureForm(70, None)
        assert stream.wanted() == {small, large}
        publish(stream, "one")
        publish(stream, "two")
        clock.now += 0.5
        assert stream.wanted() == {large}
        clock.now += 0.5
        assert stream.wanted() == {small, large}
        whole.is_ready = False
        assert large in stream.wanted(), "the newest shall wait for it"
    assert stream.wanted() == set()


async def test_each_viewer_gets_the_picture_of_its_form(stream: Stream) -> None:
    with stream.watch(320) as small, stream.watch() as large, stream.watch(640) as late:
        jpegs = {PictureForm(70, 320): b"small", PictureForm(70, None): b"large"}
        stream.publish(0.0, SEEN, jpegs)
        assert await shown(small) == "small"
        assert await shown(large) == "large"
        await news(late)
        assert not await has_news(late)


def test_pictures_are_of_the_quality_of_the_stream() -> None:
    async def wanted() -> set[PictureForm]:
        stream = Stream("porch", "camera", quality=55)
        with stream.watch(320):
            return stream.wanted()

    assert asyncio.run(wanted()) == {PictureForm(55, 320)}


async def test_viewers_that_come_at_once_are_told_their_number_once(
    stream: Stream, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream_module, "NOTICE_SECONDS", 0.02)
    told: list[int] = []
    with stream.watch() as first, ExitStack() as others:
        for _ in range(3):
            status = await news(first)
            assert isinstance(status, Status)
            told.append(status.viewers)
            if told == [0]:
                for _ in range(19):
                    others.enter_context(stream.watch())
            else:
                others.close()
    assert told == [0, 20, 1]
    await until(lambda: stream.status.viewers == 0)
    assert stream.status.state is State.LIVE


async def test_who_makes_the_pictures_hears_of_each_that_comes_and_goes(stream: Stream) -> None:
    heard: list[int] = []
    stream.on_viewers = lambda: heard.append(len(stream.viewers))
    with stream.watch(), stream.watch():
        pass
    assert heard == [1, 2, 1, 0]


async def test_the_place_of_one_that_fails_is_free_again(stream: Stream) -> None:
    with pytest.raises(ZeroDivisionError), stream.watch():
        raise ZeroDivisionError
    assert not stream.viewers


async def test_the_same_status_is_told_once(stream: Stream) -> None:
    with stream.watch() as viewer:
        await news(viewer)
        stream.tell(State.FAILED, "No route.")
        stream.tell(State.FAILED, "No route.")
        assert await news(viewer) == Status(State.FAILED, "No route.", 1)
        stream.tell(State.FAILED, "No route.")
        assert not await has_news(viewer)


async def test_the_newest_status_wins(stream: Stream) -> None:
    with stream.watch() as viewer:
        await news(viewer)
        stream.tell(State.FAILED, "No route.")
        stream.tell(State.LIVE)
        assert await news(viewer) == Status(State.LIVE, "", 1)
        assert not await has_news(viewer)


@pytest.mark.parametrize("state", sorted(set(State) - {State.LIVE}))
async def test_no_picture_from_before_comes_after_the_word_that_it_is_over(
    stream: Stream, state: State
) -> None:
    with stream.watch() as viewer:
        await news(viewer)
        publish(stream, "old")
        stream.tell(state, "Over.")
        assert await news(viewer) == Status(state, "Over.", 1)
        assert not await has_news(viewer)
        assert stream.moment is None


async def test_what_was_in_work_when_the_last_one_left_is_shown_to_nobody(stream: Stream) -> None:
    with stream.watch():
        publish(stream, "one")
    publish(stream, "late")
    assert figures(stream) == (0.0, None, None)


async def test_ended_reaches_all_viewers_whatever_waits(stream: Stream) -> None:
    with stream.watch() as ready, stream.watch() as full:
        full.is_ready = False
        publish(stream, "one")
        stream.tell(State.ENDED, "The webcam is not shared any more.")
        for viewer in (ready, full):
            assert isinstance(last := await news(viewer), Status)
            assert last.state is State.ENDED


def figures(stream: Stream) -> tuple[float, float | None, object]:
    return stream.fps, stream.age, stream.moment


async def test_figures_are_those_of_the_newest_picture_while_it_is_live_and_watched(
    stream: Stream, clock: Clock
) -> None:
    stream._rate._clock = clock
    assert figures(stream) == (0.0, None, None)
    with stream.watch():
        for _ in range(10):
            clock.now += 0.1
            publish(stream, "one", taken=clock.now - 0.03)
        assert stream.fps == pytest.approx(10)
        assert stream.age == pytest.approx(0.03)
        clock.now += 5
        assert stream.age == pytest.approx(0.03), "until it went out, not until it is asked for"
        assert stream.moment
        assert stream.moment.age == pytest.approx(5.03)
        stream.tell(State.FROZEN, "Nothing comes.")
        assert figures(stream) == (0.0, None, None)
        stream.tell(State.LIVE)
        publish(stream, "two", taken=clock.now)
    assert figures(stream) == (0.0, None, None), "nobody sees it"


async def test_what_was_found_is_made_json_once_for_all(stream: Stream) -> None:
    with stream.watch() as one, stream.watch() as other:
        publish(stream, "one")
        found = []
        for viewer in (one, other):
            await news(viewer)
            picture = await news(viewer)
            assert isinstance(picture, Picture)
            found.append(picture.moment.found)
    assert found[0] is found[1]
    assert json.loads(found[0]) == {"size": [640, 480], "motion": [[1, 2, 3, 4]]}


async def test_a_viewer_that_never_looks_keeps_one_picture(stream: Stream) -> None:
    with stream.watch() as deaf, stream.watch() as other:
        for number in range(1000):
            publish(stream, str(number))
            assert await shown(other) == str(number)
        assert deaf.dropped == 999
        assert await shown(deaf) == "999"
