"""Makes the corpus anew, what the targets start from: `python -m fuzz.seeds`."""

from __future__ import annotations

import struct
from pathlib import Path

import cv2

from streamer.codec import encode
from streamer.types import Image
from tests import footage
from tests.bad_pictures import with_scans

CORPUS = Path(__file__).parent / "corpus"
ASTRONAUT = ((32, 24), (64, 48), (161, 121))
MESSAGES = (
    '{"type":"settings","reply":"binary","detectors":["motion","faces"],"quality":60,"width":320}',
    '{"type":"settings","width":null}',
    '{"type":"share"}',
    '{"type":"share","resume":"abc"}',
    '{"type":"unshare"}',
    '{"type":"watch","stream":"porch","width":640,"fps":12.5}',
    '{"type":"watch","stream":"porch","width":null,"fps":null}',
    '{"type":"unwatch","stream":"porch"}',
    '{"type":"ack","stream":"porch","seq":7}',
    "detectors=motion,faces&quality=60&width=320",
)


def pictures() -> list[bytes]:
    """Return the JPEGs of the corpus, and those that are too large to be in it."""
    small = [file.read_bytes() for file in sorted((CORPUS / "gate").glob("*.jpg"))]
    large = [footage.shot(size=size).bgr for size in ((640, 480), (1280, 720), (1920, 1080))]
    return [*small, *(encode(bgr, 70) for bgr in large)]


def small_pictures() -> dict[str, bytes]:
    """Return pictures as cameras, browsers and OpenCV make them, and one that is refused."""
    made = {
        f"{w}x{h}": encode(footage.shot(size=(w, h), zoom=w / 512).bgr, 60) for w, h in ASTRONAUT
    }
    bgr = footage.shot(size=(64, 48), zoom=0.125).bgr
    progressive, restarts = cv2.IMWRITE_JPEG_PROGRESSIVE, cv2.IMWRITE_JPEG_RST_INTERVAL
    sampling = cv2.IMWRITE_JPEG_SAMPLING_FACTOR
    made["gray"] = _opencv(cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY))  # type: ignore[arg-type]
    made["444"] = _opencv(bgr, sampling, cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444)
    made["restarts"] = _opencv(bgr, restarts, 2)
    made["progressive"] = _opencv(bgr, progressive, 1)
    whole = made["64x48"]
    made["scans"] = with_scans(whole, 3)
    made["thumbnail"] = b"%b\xff\xe1%b%b%b" % (
        whole[:2], (len(made["32x24"]) + 2).to_bytes(2), made["32x24"], whole[2:]
    )  # fmt: skip
    return made


def _opencv(image: Image, *options: int) -> bytes:
    return cv2.imencode(".jpg", image, options)[1].tobytes()


def write() -> None:
    """Write all files of the corpus."""
    for name, jpeg in small_pictures().items():
        (CORPUS / "gate" / f"{name}.jpg").write_bytes(jpeg)
    for number, message in enumerate(MESSAGES):
        (CORPUS / "wire" / f"{number}.txt").write_text(message)
    session = b"".join(
        bytes([len(jpeg) + 4]) + struct.pack("<I", seq) + jpeg
        for seq, jpeg in ((0, b"\xff\xd8a"), (1, b"\xff\xd8b"), (70_000, b"c"), (2**32 - 1, b"d"))
    )
    (CORPUS / "dialects" / "grows").write_bytes(session)
    (CORPUS / "dialects" / "falls").write_bytes(session + session)
    for name, numbers in (("enough", (90, 10, 20, 30)), ("short", (90, 10, 30, 60, 60))):
        (CORPUS / "pacing" / name).write_bytes(struct.pack(f"<{len(numbers)}d", *numbers))
    # Sent, sent, half a second, acknowledged; then long waits.
    (CORPUS / "pacing" / "window").write_bytes(b"\x02\x02\x10\x05" * 8 + b"\x02\xfc\x05" * 8)


if __name__ == "__main__":
    write()
