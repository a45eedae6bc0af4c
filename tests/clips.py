"""Clips that the tests write themselves; each frame tells its number by its brightness."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from streamer.types import Frame, Image

WIDTH, HEIGHT = 160, 120
FPS = 25
FIRST, STEP = 40, 6
"""Brightness of frame 0, and what each next one has more."""


def picture(number: int) -> Image:
    """Return frame `number`, up to 30: grey, with a bright bar along its upper edge."""
    image = np.full((HEIGHT, WIDTH, 3), FIRST + STEP * number, np.uint8)
    image[:20] = 250
    return image


def number_of(frame: Frame) -> int:
    """Return the number of a frame that came back."""
    return round((float(frame.gray[30:110, 30:110].mean()) - FIRST) / STEP)


def write(
    path: Path,
    count: int = 10,
    *,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    times: list[float] | None = None,
    rotation: int = 0,
) -> Path:
    """Write a clip of `count` frames at 25 fps, or at the times in seconds that are given. The end
    of its name says in what form; .m3u8 is a list, and pieces beside it."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=FPS)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pix_fmt
        stream.time_base = Fraction(1, 1000)
        stream.codec_context.time_base = Fraction(1, 1000)
        stream.codec_context.bit_rate = 2_000_000
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(count):
            frame = av.VideoFrame.from_ndarray(picture(number), format="bgr24")
            frame.time_base = Fraction(1, 1000)
            frame.pts = round(1000 * (times[number] if times else number / FPS))
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def write_noise(path: Path) -> Path:
    """Write a file that has a video, but nothing in it that is a picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=FPS)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = WIDTH, HEIGHT
        for number in range(3):
            packet = av.Packet(b"noise" * 20)
            packet.stream, packet.pts, packet.dts = stream, number, number
            container.mux(packet)
    return path


def write_sound(path: Path) -> Path:
    """Write a file with sound and no video."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=48_000)
        assert isinstance(stream, av.AudioStream)
        frame = av.AudioFrame.from_ndarray(
            np.zeros((1, 1024), np.float32), format="fltp", layout="mono"
        )
        frame.sample_rate = 48_000
        container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
