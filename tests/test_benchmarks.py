"""The benchmark measures what it says."""

import asyncio
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from io import StringIO
from pathlib import Path

import cv2
import numpy as np
import pytest
from rich.console import Console
from rich.progress import Progress

from benchmarks import cameras, clip, faces, load, pipeline, stamp, stream, viewers
from benchmarks.__main__ import main
from benchmarks.cameras import NOBODY, ONE, Audience
from benchmarks.clip import Clip
from benchmarks.faces import extra, recall
from benchmarks.lengths import CHUNK, PART, Lengths
from benchmarks.limit import Effort, against_limit, limit
from benchmarks.server import Bench, Run, is_held
from benchmarks.stream import SPECS, Stream
from streamer.codec import JpegFrame, encode
from streamer.overlay import RESERVED
from streamer.pipeline import DetectorSpec, Pipeline
from streamer.types import Box, Detections, Detector, Frame, Image, PictureForm
from tests import footage
from tests.server import RunningServer

NUMBERS = (0, 1, 2, 1365, 2730, stamp.NUMBERS - 1)
HERE, ELSEWHERE, NEAR = Box(0, 0, 100, 100), Box(300, 0, 100, 100), Box(10, 0, 100, 100)


def stamped(number: int, size: tuple[int, int] = (640, 480)) -> Image:
    picture = footage.shot(size=size).bgr
    stamp.stamp(picture, number)
    return picture


# Numbers in pictures


def test_a_number_fits_into_the_corner_that_the_server_leaves_alone() -> None:
    assert RESERVED[0] >= (stamp.BITS + 1) * stamp.CELL
    assert RESERVED[1] >= stamp.CELL


@pytest.mark.parametrize("size", [(320, 240), (640, 480), (1280, 720), (1920, 1080), (642, 361)])
@pytest.mark.parametrize("quality", [20, 70])
def test_a_number_survives_jpeg(size: tuple[int, int], quality: int) -> None:
    for number in NUMBERS:
        assert stamp.read(encode(stamped(number, size), quality), size[0]) == number


@pytest.mark.parametrize("width", [160, 320, 480, 640])
def test_a_number_survives_the_pipeline_and_scaling(width: int) -> None:
    for number in NUMBERS:
        frame = JpegFrame(encode(stamped(number), 70))
        result = Pipeline(SPECS).process(frame, ("motion",), PictureForm(width=width))
        (jpeg,) = result.jpegs.values()
        assert stamp.read(jpeg, 640) == number


def test_a_number_that_is_damaged_is_refused() -> None:
    for cell in range(stamp.BITS + 1):
        flipped, faded = stamped(1234), stamped(1234)
        right = 640 - cell * stamp.CELL
        corner = np.s_[480 - stamp.CELL :, right - stamp.CELL : right]
        flipped[corner] = 255 - flipped[corner]
        faded[corner] = 128
        for picture in (flipped, faded):
            assert stamp.read(encode(picture, 70), 640) is None


@pytest.mark.parametrize("level", [0, 100, 255])
def test_a_corner_of_one_colour_is_no_number(level: int) -> None:
    assert stamp.read(encode(np.full((480, 640, 3), level, np.uint8), 70), 640) is None


def test_a_picture_too_narrow_for_the_number_is_refused() -> None:
    assert stamp.read(encode(stamped(7)[:, -100:].copy(), 70), 640) is None


def test_numbers_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="came 4095"):
        stamp.stamp(stamped(0), stamp.NUMBERS)
    with pytest.raises(ValueError, match="Ask for fewer"):
        load.pictures_needed(3600, 30)


# The clip


@pytest.mark.parametrize(("width", "height"), [(320, 240), (640, 480), (1280, 720), (1920, 1080)])
def test_the_clip_comes_at_the_width_asked_for(width: int, height: int) -> None:
    assert next(Clip().frames(width)).shape == (height, width, 3)


def test_a_file_is_a_clip_too(tmp_path: Path) -> None:
    file = tmp_path / "film.avi"
    writer = cv2.VideoWriter(str(file), cv2.VideoWriter.fourcc(*"MJPG"), 10, (640, 480))
    for shot in footage.pan(5):
        writer.write(shot.bgr)
    writer.release()
    assert [frame.shape for frame in Clip(file).frames(320)] == [(240, 320, 3)] * 5
    assert len(list(Clip(file, count=3).frames(320))) == 3


def test_a_file_that_is_no_clip_is_told(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Expected a video in"):
        list(Clip(tmp_path / "missing.mp4").frames(320))


def test_four_faces_are_four_and_cuts_hide_them() -> None:
    find = faces.dlibs_finder()
    frames = [shot.bgr for shot in footage.pan(8)]
    assert [len(find(encode(frame, 70))) for frame in clip.four_faces(frames)] == [4] * 8
    scenes = list(clip.hard_cuts([frames[0]] * 4 * clip.SCENE_FRAMES))[:: clip.SCENE_FRAMES]
    assert [len(find(encode(frame, 70))) for frame in scenes] == [1, 1, 0, 1]


# Ratios


def test_the_limit_is_once_the_limit_and_twice_is_two() -> None:
    jpegs = [footage.jpeg()]
    effort = Effort(seconds=0.3, block=10, min_turns=5)
    assert 0.8 < against_limit(limit, jpegs, effort).ratio < 1.25
    twice = against_limit(lambda jpeg: (limit(jpeg), limit(jpeg)), jpegs, effort)
    assert 1.6 < twice.ratio < 2.5
    assert twice.ms > twice.limit_ms > 0
    assert twice.frames >= 50


def test_what_waits_beside_the_work_does_not_count() -> None:
    """CPU time is measured: a machine that is busy with something else changes little."""

    def slowly(jpeg: bytes) -> None:
        limit(jpeg)
        time.sleep(0.005)

    effort = Effort(seconds=0, block=10, min_turns=3)
    assert against_limit(slowly, [footage.jpeg()], effort).ratio < 2


def test_each_case_is_measured_once() -> None:
    for quick in (True, False):
        cases = pipeline.cases(640, quick=quick)
        assert len(cases) == len(set(cases))
        measured = {(case.detectors, case.form) for case in cases if case.width == 640}
        assert set(pipeline.TARGETS) <= measured


class Punctual(Detector):
    """Notes what its clock says."""

    name = "punctual"

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock

    def detect(self, frame: Frame, found: Detections) -> Detections:
        return found.with_finding(self.name, seconds=self.clock())


def test_detectors_live_in_the_time_of_the_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """However fast a benchmark is, what is due each second is done each so many frames."""
    monkeypatch.setattr(stream, "SPECS", [DetectorSpec(Punctual)])
    at_ten = Stream(["punctual"], 10, None)
    results = [at_ten.process(footage.jpeg()) for _ in range(21)]
    told = [result.detections.findings["punctual"].data["seconds"] for result in results]
    assert told[0] == 0
    assert told[20] == pytest.approx(2)


# Faces


def test_recall_is_the_part_of_dlibs_faces_that_were_found() -> None:
    dlibs = [[HERE, ELSEWHERE], [HERE], []]
    assert recall(dlibs, dlibs) == 1
    assert recall([[NEAR, ELSEWHERE], [NEAR], []], dlibs) == 1
    assert recall([[HERE], [ELSEWHERE], [HERE]], dlibs) == pytest.approx(1 / 3)
    assert recall([[], [], []], dlibs) == 0
    assert recall([[HERE]], [[]]) == 1


def test_extra_is_the_part_of_our_faces_that_dlib_never_had_nearby() -> None:
    nothing: list[list[Box]] = [[] for _ in range(12)]
    early = [[HERE], *nothing]
    assert extra(early, early) == 0
    for apart, stray in [(5, 0), (6, 1)]:
        ours = [*nothing[:apart], [NEAR], *nothing[apart:]]
        assert extra(ours, early) == stray
        assert extra(ours[::-1], early[::-1]) == stray
    assert extra([[HERE, ELSEWHERE]], [[HERE]]) == 0.5
    assert extra([[]], [[HERE]]) == 0


def test_faces_of_a_clip_are_compared() -> None:
    row = faces.compare("short", 640, 10, clip.jpegs(shot.bgr for shot in footage.pan(6)))
    assert row.frames == row.dlib_faces == 12
    assert row.recall >= 0.9
    assert row.ms > 0
    assert row.dlib_ms > 0


# All of it


def test_a_quick_run_tells_all_in_json(tmp_path: Path) -> None:
    file = tmp_path / "folder" / "figures.json"
    out = StringIO()
    main(["pipeline", "--quick", "--json", str(file)], Console(file=out, width=120))
    told = json.loads(file.read_text())
    assert told["machine"]["cores"] >= 1
    assert told["machine"]["cpu"]
    assert told["machine"]["packages"]["simplejpeg"]
    assert told["date"]
    assert told["parameters"]["width"] == 640
    assert told["parameters"]["parts"] == ["pipeline"]
    assert len(told["pipeline"]) == len(pipeline.cases(640, quick=True))
    for row in told["pipeline"]:
        assert row["ratio"] == pytest.approx(row["ms"] / row["limit_ms"], rel=0.5)
        assert row["case"]["form"] in out.getvalue()
    assert {row["at_most"] for row in told["pipeline"]} == {None, *pipeline.TARGETS.values()}


def test_an_unknown_part_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["pipelines"])
    assert "expected parts among pipeline, faces, server, cameras" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--width", "100"], "came 100"),
        (["--fps", "0"], "came 0"),
        (["--clip", "missing.mp4"], "Expected a video in missing.mp4"),
    ],
)
def test_what_cannot_be_measured_is_told(
    given: list[str], told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        main(given)
    assert told in capsys.readouterr().err


def test_a_webcam_reads_ages_from_a_real_server(server: RunningServer) -> None:
    run = Run(webcams=1, fps=10, seconds=2)
    frames = [shot.bgr for shot in footage.pan(10)]
    made = load.pictures(frames, load.pictures_needed(run.seconds, run.fps), 70)
    with Progress(disable=True) as progress:
        bench = Bench(made, 640, progress)
        try:
            row = bench.run("default", server, run)
        finally:
            bench.close()
    served = row.served
    assert is_held(served)
    assert served.age_p50_ms
    assert served.age_p95_ms
    assert 1 < served.age_p50_ms <= served.age_p95_ms
    assert 8 < served.answered_per_second <= 11
    assert (served.open_sockets, served.unread) == (1, 0)
    assert served.rss_mb > 50
    assert served.cpu_ms
    assert row.ratio
    assert row.ratio > 1


async def test_webcams_count_what_never_comes_back(server: RunningServer) -> None:
    """Pictures without a number that can be read have no age, and a socket that the server closed
    is not open."""
    made = [footage.jpeg()] * load.pictures_needed(0.5, 10)
    plan = load.Plan(server.socket, server.process.pid, 2, 10, 0.5, 640)
    served = await load.webcams(plan, [*made[:8], b"", *made])
    assert served.unread > 0
    assert (served.answered_per_second, served.age_p50_ms, served.cpu_ms) == (0, None, None)
    assert served.open_sockets == 0


# Viewers


def chunk(body: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(body), body)


def part(body: bytes) -> bytes:
    return b"Content-Type: image/jpeg\r\nContent-Length: %d\r\n\r\n%b\r\n--frame\r\n" % (
        len(body),
        body,
    )


HEADER = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("step", [1, 7, 100, 10_000])
def test_pictures_are_cut_out_of_a_reply_wherever_it_breaks(step: int) -> None:
    """What looks like a length within a picture is none."""
    pictures = [b"one", b"\r\n1\r\n" * 50, part(b"inside"), b"x" * 5000]
    body = b"--frame\r\n" + b"".join(part(picture) for picture in pictures)
    reply = HEADER + b"".join(chunk(body[at : at + 999]) for at in range(0, len(body), 999))
    chunks, parts = Lengths(CHUNK, base=16), Lengths(PART, base=10)
    cut = [
        bytes(picture)
        for at in range(0, len(reply), step)
        for piece in chunks.feed(reply[at : at + step])
        for picture in parts.feed(piece)
    ]
    assert cut == pictures


async def watched(reply: bytes, monkeypatch: pytest.MonkeyPatch) -> viewers.Watched:
    """Return what one viewer got of a server that answers this."""
    monkeypatch.setattr(viewers, "WARM_UP_SECONDS", 0)

    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        gone.set()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        url = f"http://127.0.0.1:{port}/"
        row = await viewers.watch(viewers.Plan(url, "token", "demo", os.getpid(), 1, 0, 0.2))
        await gone.wait()
    return row


async def test_a_picture_that_comes_again_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    pictures = [b"one", b"two", b"two", b"three", b"one"]
    row = await watched(HEADER + b"".join(chunk(part(each)) for each in pictures), monkeypatch)
    assert (row.repeated, row.open_viewers) == (2, 1)
    assert row.age_p50_ms is None


async def test_a_viewer_who_is_turned_away_is_not_served(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 3\r\n\r\nNo.\r\n"
    row = await watched(refused, monkeypatch)
    assert (row.per_second, row.least, row.open_viewers) == (0, 0, 0)


def test_a_camera_is_watched_by_many_and_by_nobody() -> None:
    audiences = (ONE, Audience(2, 2), NOBODY)
    with Progress(disable=True) as progress:
        rows = cameras.measure(["uvicorn"], audiences, 1, progress)
    one, many, nobody = (row.watched for row in rows)
    assert [row.watched.open_viewers for row in rows] == [1, 4, 0]
    assert [row.watched.repeated for row in rows] == [0, 0, 0]
    assert one.least
    assert many.least
    assert many.median
    assert 10 < many.least <= many.median < 35
    assert 3 * many.least < many.per_second <= 4 * 35
    assert many.age_p50_ms
    assert one.age_p50_ms is None
    assert nobody.cores < one.cores / 2
    assert nobody.least is None
    assert [row.fan_out_cores is None for row in rows] == [True, False, True]
    assert [row[:3] for row in cameras.table(rows).rows] == [
        ["uvicorn", "1", "0"],
        ["uvicorn", "2", "2"],
        ["uvicorn", "0", "0"],
    ]
