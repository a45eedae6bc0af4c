"""Pictures of videos, converted into what is asked for."""

from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from streamer.sources.video import Video
from streamer.sources.videoframe import FULL_RANGE, VideoFrame
from streamer.types import Image
from tests import clips, footage

BT601, BT709, LIMITED_RANGE = 5, 1, 1


def converted(
    image: Image, pix_fmt: str, colorspace: int = BT601, color_range: int = LIMITED_RANGE
) -> VideoFrame:
    """Return the frame that a camera of this pixel format makes of an image."""
    picture = av.VideoFrame.from_ndarray(image, format="bgr24").reformat(
        format=pix_fmt, dst_colorspace=colorspace, dst_color_range=color_range
    )
    picture.colorspace, picture.color_range = colorspace, color_range
    return VideoFrame(picture)


@pytest.mark.parametrize(
    ("pix_fmt", "color_range"),
    [
        ("yuv420p", LIMITED_RANGE),
        ("yuv420p", FULL_RANGE),
        ("yuvj420p", FULL_RANGE),
        ("yuv422p", LIMITED_RANGE),
        ("yuvj422p", FULL_RANGE),
        ("yuv444p", LIMITED_RANGE),
        ("nv12", LIMITED_RANGE),
        ("gray", FULL_RANGE),
        ("yuv420p10le", LIMITED_RANGE),
        ("bgr24", FULL_RANGE),
    ],
)
def test_grey_is_that_of_the_picture_in_colour(pix_fmt: str, color_range: int) -> None:
    image = cv2.GaussianBlur(footage.shot(size=(322, 242)).bgr, (0, 0), 2)
    frame = converted(image, pix_fmt, color_range=color_range)  # type: ignore[arg-type]
    assert (frame.width, frame.height) == (322, 242)
    gray = frame.gray.astype(int)
    of_colour = cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY).astype(int)
    assert abs(gray - of_colour).mean() < 2
    assert np.quantile(abs(gray - of_colour), 0.99) <= 3
    of_original = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).astype(int)
    assert abs(gray - of_original).mean() < 2
    assert frame.gray.flags["C_CONTIGUOUS"]


@pytest.mark.parametrize("colorspace", [BT601, BT709])
def test_colours_are_those_that_the_camera_saw(colorspace: int) -> None:
    image = cv2.GaussianBlur(footage.shot(size=(320, 240)).bgr, (0, 0), 4)
    frame = converted(image, "yuv420p", colorspace)  # type: ignore[arg-type]
    assert abs(frame.bgr.astype(int) - image).mean() < 4


def test_reduced_is_grey_at_the_reduction() -> None:
    frame = converted(footage.shot(size=(1281, 721)).bgr, "yuv420p")
    assert frame.reduction == 4
    assert frame.reduced.shape == (180, 320)
    small = cv2.resize(frame.gray[:720, :1280], (320, 180), interpolation=cv2.INTER_AREA)
    assert (frame.reduced == small).all()
    assert frame.decode_seconds > 0


@pytest.mark.parametrize(
    ("rotation", "bright"),
    [(90, np.s_[:, :10]), (-90, np.s_[:, -10:]), (180, np.s_[-10:]), (0, np.s_[:10])],
)
def test_a_clip_of_a_phone_that_was_turned_is_upright(
    tmp_path: Path, rotation: int, bright: tuple[slice, ...]
) -> None:
    """The bar at the upper edge goes to where the phone says that it belongs."""
    clip = clips.write(tmp_path / "clip.mp4", 1, rotation=rotation)
    video = Video(str(clip))
    frame = next(video.frames()).frame
    lying = rotation in (0, 180)
    shape = (clips.HEIGHT, clips.WIDTH) if lying else (clips.WIDTH, clips.HEIGHT)
    assert (frame.height, frame.width) == shape
    for picture in (frame.gray, frame.bgr):
        assert picture.shape[:2] == shape
        assert picture[bright].mean() > 220
        assert picture.mean() < 100
    video.close()
