"""Messages of both dialects, without a socket."""

import base64
import json
import struct
from typing import Any

import numpy as np
import pytest

from streamer import wire
from streamer.dialects import Answer, Dialect, Plain, Version1
from streamer.errors import Code, FrameError, MessageError
from streamer.types import Box, Detections, Emotion, Face, Labelled, Limits, Result, Timings

FACE = Face(
    3,
    Box(1, 2, 30, 40),
    np.arange(136, dtype=np.int32).reshape(68, 2),
    Emotion("happy", 0.9, {"happy": 0.9, "sad": 0.1}),
)
FOUND = Detections((640, 480)).with_motion([Box(5, 6, 7, 8)]).with_faces([FACE])
JPEG = b"\xff\xd8picture"
RESULT = Result(FOUND, {}, Timings(1.234, 2, 3, 4))


def text(data: str) -> wire.SettingsChange:
    asked = Version1().read_text(data, 4096)
    assert isinstance(asked, wire.SettingsChange)
    return asked


def test_a_v1_frame_is_a_number_and_a_jpeg() -> None:
    assert Version1().read_frame(struct.pack("<I", 70_000) + b"jpeg") == (70_000, b"jpeg")


@pytest.mark.parametrize("data", [b"\0", b"\0\0\0\0"])
def test_a_v1_frame_without_a_picture_ends_the_session(data: bytes) -> None:
    with pytest.raises(MessageError, match=f"came {len(data)} bytes") as caught:
        Version1().read_frame(data)
    assert caught.value.fatal


@pytest.mark.parametrize("second", [7, 6, 0])
def test_numbers_must_grow(second: int) -> None:
    dialect = Version1()
    dialect.read_frame(struct.pack("<I", 7) + b"jpeg")
    with pytest.raises(MessageError, match=f"above 7, came {second}"):
        dialect.read_frame(struct.pack("<I", second) + b"jpeg")


def test_a_plain_frame_is_the_message_itself() -> None:
    dialect = Plain()
    assert dialect.read_frame(b"jpeg") == (1, b"jpeg")
    assert dialect.read_frame(b"jpeg") == (2, b"jpeg")


def test_a_plain_answer_is_the_picture_in_base64() -> None:
    answer = Plain().result("base64", Answer(1, 0, 0, RESULT, JPEG))
    assert base64.b64decode(answer) == JPEG


def test_a_plain_client_is_told_nothing_but_pictures() -> None:
    dialect: Dialect = Plain()
    assert dialect.error(FrameError(Code.UNKNOWN_MESSAGE, "no JPEG", seq=3)) is None
    with pytest.raises(MessageError, match="JPEG pictures only"):
        Plain().read_text("{}", 4096)


def result_json() -> dict[str, Any]:
    return {
        "type": "result",
        "seq": 9,
        "dropped": 2,
        "ms": {"wait": 0.5, "decode": 1.23, "detect": 2, "draw": 3, "encode": 4},
        "detections": {
            "size": [640, 480],
            "motion": [[5, 6, 7, 8]],
            "faces": [
                {
                    "id": 3,
                    "box": [1, 2, 30, 40],
                    "landmarks": [[n, n + 1] for n in range(0, 136, 2)],
                    "emotion": {
                        "label": "happy",
                        "confidence": 0.9,
                        "scores": {"happy": 0.9, "sad": 0.1},
                    },
                }
            ],
        },
    }


def test_the_base64_form_has_the_picture_inside() -> None:
    message = Version1().result("base64", Answer(9, 2, 0.5, RESULT, JPEG))
    assert isinstance(message, str)
    assert json.loads(message) == result_json() | {"image": base64.b64encode(JPEG).decode()}


def test_the_binary_form_has_the_picture_behind() -> None:
    message = Version1().result("binary", Answer(9, 2, 0.5, RESULT, JPEG))
    assert isinstance(message, bytes)
    (length,) = struct.unpack_from("<I", message)
    assert json.loads(message[4 : 4 + length]) == result_json()
    assert message[4 + length :] == JPEG


def test_the_results_form_has_none() -> None:
    message = Version1().result("results", Answer(9, 2, 0.5, RESULT, None))
    assert isinstance(message, str)
    assert json.loads(message) == result_json()


def test_a_detector_that_is_off_has_no_key() -> None:
    assert set(wire.detections_json(Detections((1, 2)))) == {"size"}
    assert wire.detections_json(Detections((1, 2)).with_motion([]))["motion"] == ()


def test_what_anybodys_detector_found_is_told_even_in_numpys_numbers() -> None:
    labelled = Labelled(Box(1, 2, 3, 4), "left", float(np.float32(0.5)))
    found = Detections((9, 9)).with_finding("hands", [labelled], mean=np.float32(2), at=np.ones(2))
    message = Version1().result("results", Answer(1, 0, 0, Result(found, {}, RESULT.ms), None))
    assert json.loads(message)["detections"]["hands"] == {
        "boxes": [{"box": [1, 2, 3, 4], "label": "left", "confidence": 0.5}],
        "data": {"mean": 2, "at": [1, 1]},
    }


def test_an_error_about_a_frame_has_its_number() -> None:
    error = FrameError(Code.TOO_LARGE, "too large", seq=5)
    dialect = Version1()
    assert json.loads(dialect.error(error)) == {
        "type": "error", "code": 4009, "message": "too large", "seq": 5,
    }  # fmt: skip
    assert "seq" not in json.loads(dialect.error(MessageError(Code.BAD_JSON, "no JSON")))


def test_hello_tells_limits_detectors_and_settings() -> None:
    settings = wire.Settings(detectors=("motion",))
    assert json.loads(wire.hello(Limits(), 30, 2, ("motion", "faces"), settings)) == {
        "type": "hello",
        "limits": {"max_bytes": 524288, "max_pixels": 2100000, "max_side": 2048, "max_fps": 30},
        "window": 2,
        "detectors": ["motion", "faces"],
        "settings": {
            "type": "settings", "detectors": ["motion"], "reply": "base64", "quality": 70,
            "width": None,
        },
    }  # fmt: skip


def test_settings_may_name_any_part() -> None:
    assert text('{"type":"settings"}').changes() == {}
    assert text('{"type":"settings","width":null,"detectors":[]}').changes() == {
        "width": None,
        "detectors": [],
    }


@pytest.mark.parametrize(
    "data",
    [
        '{"type":"settings","quality":0}',
        '{"type":"settings","quality":101}',
        '{"type":"settings","quality":"high"}',
        '{"type":"settings","quality":1e400}',
        '{"type":"settings","width":7}',
        '{"type":"settings","width":123456789012345678901234567890}',
        '{"type":"settings","reply":"video"}',
        '{"type":"settings","detectors":"motion"}',
        '{"type":"settings","colour":"red"}',
    ],
)
def test_settings_that_cannot_be_used_are_refused_and_the_session_goes_on(data: str) -> None:
    with pytest.raises(MessageError, match="The settings are as they were") as caught:
        text(data)
    assert (caught.value.code, caught.value.fatal) == (Code.BAD_JSON, False)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ("", Code.BAD_JSON),
        ("{", Code.BAD_JSON),
        ("[1,2]", Code.BAD_JSON),
        ('{"kind":"settings"}', Code.BAD_JSON),
        ('{"type":"settings","quality":NaN}', Code.BAD_JSON),
        ("[" * 4000, Code.BAD_JSON),
        ('{"type":"dance"}', Code.UNKNOWN_MESSAGE),
        ('{"type":"settings"' + " " * 5000 + "}", Code.TOO_LARGE),
    ],
)
def test_what_is_no_message_ends_the_session(data: str, code: Code) -> None:
    with pytest.raises(MessageError) as caught:
        text(data)
    assert (caught.value.code, caught.value.fatal) == (code, True)


def test_deep_nesting_is_bad_json_however_deep_python_can_go() -> None:
    """Whether the parser gives up or the type does not fit depends on the version of Python."""
    with pytest.raises(MessageError) as caught:
        text('{"type":"settings","detectors":' + "[" * 2000 + "]" * 2000 + "}")
    assert caught.value.code is Code.BAD_JSON


def test_the_query_has_the_same_settings() -> None:
    query = {"detectors": "motion,faces", "quality": "60", "width": "320", "token": "not ours"}
    assert wire.read_query(query).changes() == {
        "detectors": ["motion", "faces"],
        "quality": 60,
        "width": 320,
    }
    assert wire.read_query({"detectors": ""}).changes() == {"detectors": []}


def test_a_query_that_cannot_be_used_is_refused() -> None:
    with pytest.raises(MessageError, match="quality"):
        wire.read_query({"quality": "best"})


@pytest.mark.parametrize(
    ("data", "asked"),
    [
        ('{"type":"watch","stream":"porch"}', wire.Watch("porch")),
        (
            '{"type":"watch","stream":"porch","width":320,"fps":15}',
            wire.Watch("porch", width=320, fps=15),
        ),
        ('{"type":"watch","stream":"porch","width":null,"fps":null}', wire.Watch("porch")),
        ('{"type":"unwatch","stream":"porch"}', wire.Unwatch("porch")),
        ('{"type":"ack","stream":"porch","seq":7}', wire.Ack("porch", 7)),
    ],
)
def test_what_a_viewer_asks_for(data: str, asked: wire.WatchMessage) -> None:
    assert wire.read_watch(data, 4096) == asked


@pytest.mark.parametrize(
    ("data", "says"),
    [
        ('{"type":"watch","stream":7}', "$.stream"),
        ('{"type":"watch","stream":"porch","width":321}', "$.width"),
        ('{"type":"watch","stream":"porch","fps":0.01}', "$.fps"),
        ('{"type":"watch","stream":"porch","fps":1e400}', ""),
        ('{"type":"unwatch"}', "`stream`"),
        ('{"type":"ack","stream":"porch","seq":1.5}', "$.seq"),
        ('{"type":"ack","stream":"porch","seq":1,"then":2}', "`then`"),
    ],
)
def test_a_part_that_is_wrong_ends_nothing(data: str, says: str) -> None:
    with pytest.raises(MessageError, match="Nothing was changed") as caught:
        wire.read_watch(data, 4096)
    assert says in str(caught.value)
    assert (caught.value.code, caught.value.fatal) == (Code.BAD_JSON, False)


@pytest.mark.parametrize(
    ("read", "kinds", "foreign"),
    [
        (wire.read_webcam, "settings, share, unshare", "watch"),
        (wire.read_watch, "watch, unwatch, ack", "settings"),
    ],
)
def test_each_end_says_which_messages_it_takes(read: Any, kinds: str, foreign: str) -> None:
    with pytest.raises(MessageError, match=f"type {kinds}; came '{foreign}'"):
        read(json.dumps({"type": foreign, "stream": "porch"}), 4096)
    example = f'such as {{"type":"{kinds.partition(",")[0]}", …}}'
    with pytest.raises(MessageError, match=example):
        read("porch", 4096)


@pytest.mark.parametrize("data", ["\ud800", '{"type":"share","resume":"\udfff"}'])
def test_half_a_character_is_no_json(data: str) -> None:
    """A WebSocket never has it; a caller that is not one might."""
    with pytest.raises(MessageError, match="Expected UTF-8") as caught:
        wire.read_webcam(data, 4096)
    assert (caught.value.code, caught.value.fatal) == (Code.BAD_JSON, True)


def test_sharing_begins_anew_or_resumes_and_ends() -> None:
    assert wire.read_webcam('{"type":"share"}', 4096) == wire.Share()
    assert wire.read_webcam('{"type":"share","resume":"abc"}', 4096) == wire.Share("abc")
    assert wire.read_webcam('{"type":"unshare"}', 4096) == wire.Unshare()
    shared = wire.Shared("webcam-1", "/streams/webcam-1/?key=x", "2030-01-01T00:00:00Z", 3, "abc")
    assert json.loads(wire.encode(shared)) == {
        "type": "shared", "stream": "webcam-1", "url": "/streams/webcam-1/?key=x",
        "until": "2030-01-01T00:00:00Z", "viewers": 3, "resume": "abc",
    }  # fmt: skip
    assert json.loads(wire.encode(wire.Unshared())) == {"type": "unshared"}
