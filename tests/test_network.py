"""Cameras on the net, by real servers."""

import signal
import socket
import time
import traceback
from collections.abc import Iterator
from pathlib import Path

import pytest

from streamer.codec import JpegFrame
from streamer.errors import SettingsError, SourceError, SourceTimeoutError
from streamer.sources import network, source
from streamer.sources.network import NetworkSource
from streamer.sources.videoframe import VideoFrame
from tests import certificate, clips, http_camera, mute_rtsp, rtsp
from tests.http_camera import HttpCamera


@pytest.fixture(scope="module")
def http(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpCamera]:
    folder = tmp_path_factory.mktemp("clips")
    clips.write(folder / "clip.mp4", 5)
    clips.write(folder / "list.m3u8", 30)
    with http_camera.serve(folder) as camera:
        yield camera


@pytest.fixture(scope="module")
def h264() -> Iterator[rtsp.Server]:
    with rtsp.serve() as server:
        yield server


@pytest.fixture
def black_hole() -> Iterator[int]:
    """The port of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture
def short_timeouts(monkeypatch: pytest.MonkeyPatch) -> float:
    assert network.TIMEOUT == 5
    monkeypatch.setattr(network, "TIMEOUT", 1.0)
    return 1.0


def refusal(spec: str) -> str:
    """Return in what words a camera cannot be opened."""
    camera = source(spec)
    with pytest.raises(SourceError) as refused:
        camera.open()
    camera.close()
    logged = "".join(traceback.format_exception(refused.value))
    for secret in ("127.0.0.1", "wrong"):
        assert secret not in logged
    return str(refused.value)


def test_rtsp_is_watched_at_the_pace_of_the_camera(h264: rtsp.Server) -> None:
    camera = source(h264.url)
    assert camera.answers()
    camera.open()
    start = time.monotonic()
    frames = [camera.read() for _ in range(26)]
    # What the server had prepared comes at once; the rest at 25 fps.
    assert 0.3 < time.monotonic() - start < 2.5
    camera.close()
    assert {(type(frame), frame.width, frame.height) for frame in frames} == {
        (VideoFrame, 320, 240)
    }
    ball = [tuple(frame.bgr.nonzero()[1][[0, -1]]) for frame in frames]
    assert len(set(ball)) > 20
    assert frames[-1].gray.shape == (240, 320)


def test_who_reads_late_has_no_lag_that_grows(h264: rtsp.Server) -> None:
    """What has gathered meanwhile comes at once, and then it is the newest again."""
    camera = source(h264.url)
    camera.open()
    camera.read()
    time.sleep(1)
    times = []
    for _ in range(40):
        camera.read()
        times.append(time.monotonic())
    camera.close()
    assert times[20] - times[0] < 0.4
    assert times[39] - times[29] > 0.25


def test_jpeg_over_rtsp_is_not_decoded_by_ffmpeg() -> None:
    with rtsp.serve("jpeg", ("ann", "p@ss/word")) as server:
        url = server.url.replace("//", "//ann:p%40ss%2Fword@")
        camera = source(url)
        camera.open()
        frame = camera.read()
        camera.close()
        assert type(frame) is JpegFrame
        assert frame.bgr.shape == (240, 320, 3)
        assert "user name or password" in refusal(server.url)
        assert "user name or password" in refusal(server.url.replace("//", "//ann:wrong@"))
        assert camera.answers()


def test_a_server_that_dies_is_told_at_once_and_is_there_again_when_it_is() -> None:
    with rtsp.serve() as server:
        camera = source(server.url)
        camera.open()
        camera.read()
        server.process.kill()
        with pytest.raises(SourceError, match=r"ended the stream|broke the conn"):
            while True:
                camera.read()
        camera.close()
    assert not camera.answers()
    assert "Nothing listens" in refusal(server.url)
    with rtsp.serve(port=server.port):
        assert camera.answers()
        again = source(server.url)
        again.open()
        again.read()
        again.close()


def test_a_server_that_stops_is_told_in_time() -> None:
    """With the real time-out of five seconds."""
    with rtsp.serve() as server:
        camera = source(server.url)
        camera.open()
        camera.read()
        server.process.send_signal(signal.SIGSTOP)
        start = time.monotonic()
        with pytest.raises(SourceTimeoutError, match="No picture came for 5 s"):
            while True:
                camera.read()
        assert 4.5 < time.monotonic() - start < 5.8
        start = time.monotonic()
        camera.close()
        assert not camera.answers()
        assert time.monotonic() - start < 1.5
        server.process.send_signal(signal.SIGCONT)
        assert camera.answers()


@pytest.mark.parametrize("scheme", ["rtsp", "rtsps", "http", "https"])
def test_a_black_hole_is_told_in_time(scheme: str, black_hole: int, short_timeouts: float) -> None:
    start = time.monotonic()
    assert "did not answer within 1 s" in refusal(f"{scheme}://127.0.0.1:{black_hole}/")
    assert time.monotonic() - start < short_timeouts + 0.5


def test_one_that_agrees_and_sends_nothing_is_told_in_time(short_timeouts: float) -> None:
    with mute_rtsp.serve() as port:
        start = time.monotonic()
        assert "sent nothing for 1 s" in refusal(f"rtsp://127.0.0.1:{port}/live")
        assert time.monotonic() - start < short_timeouts + 0.5


def test_an_unknown_path_over_rtsp(h264: rtsp.Server) -> None:
    assert "nothing at this path" in refusal(h264.url + "/nothing")


def test_mjpeg_over_http_comes_as_fast_as_it_is_sent(http: HttpCamera) -> None:
    camera = source(http.url("/mjpeg"))
    assert camera.answers()
    camera.open()
    start = time.monotonic()
    frames = [camera.read() for _ in range(31)]
    assert time.monotonic() - start < 1.2  # 30 steps at the camera's 50 fps, not at another rate
    with pytest.raises(SourceError, match="broke the connection"):
        camera.read()
    camera.close()
    assert [clips.number_of(frame) for frame in frames] == list(range(31))
    assert {type(frame) for frame in frames} == {JpegFrame}


def test_a_login_over_http(http: HttpCamera) -> None:
    camera = source(http.url("/secret", "ann:p%40ss%2Fword@"))
    camera.open()
    camera.read()
    camera.close()
    assert "user name or password" in refusal(http.url("/secret", "ann:wrong@"))
    assert source(http.url("/secret")).answers()


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/status/403", "forbids"),
        ("/status/404", "nothing at this path"),
        ("/status/400", "refused the request"),
        ("/status/500", "fault of its own"),
        ("/page", "no video"),
    ],
)
def test_each_refusal_has_its_own_words(http: HttpCamera, path: str, words: str) -> None:
    assert words in refusal(http.url(path))


def test_a_clip_over_http_plays_at_its_own_speed_and_then_again(http: HttpCamera) -> None:
    before = http.answered.count("/clip.mp4")
    camera = source(http.url("/clip.mp4"))
    camera.open()
    start = time.monotonic()
    seen = [clips.number_of(camera.read()) for _ in range(11)]
    assert time.monotonic() - start == pytest.approx(10 / clips.FPS, abs=0.1)
    camera.close()
    assert seen == [0, 1, 2, 3, 4] * 2 + [0]
    assert http.answered.count("/clip.mp4") - before >= 3


def test_a_stream_in_pieces_plays_at_its_own_speed(http: HttpCamera) -> None:
    """HLS: a live one says of no end, and all of a piece can be read at once."""
    listed = http.folder / "list.m3u8"
    (http.folder / "live.m3u8").write_text(listed.read_text().replace("#EXT-X-ENDLIST", ""))
    camera = source(http.url("/live.m3u8"))
    camera.open()
    start = time.monotonic()
    seen = [clips.number_of(camera.read()) for _ in range(20)]
    assert time.monotonic() - start == pytest.approx(19 / clips.FPS, abs=0.15)
    camera.close()
    assert seen == list(range(20))


def test_an_encrypted_camera_needs_no_certificate_that_somebody_vouches_for(
    tmp_path: Path,
) -> None:
    with http_camera.serve(tmp_path, certificate.context(tmp_path)) as encrypted:
        camera = source(encrypted.url("/mjpeg"))
        assert camera.answers()
        camera.open()
        assert clips.number_of(camera.read()) == 0
        camera.close()
        assert not source(encrypted.url("/mjpeg").replace("https", "http")).answers()


def test_a_name_that_nobody_knows() -> None:
    assert "name is not known" in refusal("rtsp://camera.invalid/live")
    assert not source("rtsp://camera.invalid/live").answers()


@pytest.mark.parametrize(
    "spec",
    [
        "rtsp:",
        "rtsp://",
        "rtsp:///path",
        "http://host:port/",
        "http://ann:p/ss@host/",
        "http://ann:p?ss@host/",
        "http://host:0/",
        "http://host/a b",
        "http://host/a\nb",
    ],
)
def test_an_address_that_cannot_be_used_is_refused_without_its_secrets(spec: str) -> None:
    with pytest.raises(SettingsError, match="Expected an address such as") as refused:
        NetworkSource(spec)
    assert "ann" not in str(refused.value)


def test_nothing_of_an_address_is_printed(
    http: HttpCamera, capfd: pytest.CaptureFixture[str]
) -> None:
    """FFmpeg writes its log itself, past Python's."""
    for path in ("/status/404", "/page", "/secret"):
        refusal(http.url(path, "ann:wrong@"))
    assert capfd.readouterr() == ("", "")
