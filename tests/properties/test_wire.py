"""Text of clients, whatever it says; and what is said can be read."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fuzz.wire import MAX_BYTES, TOLD, try_query, try_text
from streamer import wire
from streamer.errors import Code, MessageError
from streamer.types import Limits
from tests.server import ROOT

KINDS = ("settings", "share", "unshare", "watch", "unwatch", "ack")
NAMES = (
    "type", "reply", "detectors", "quality", "width", "resume", "stream", "fps", "seq", "more",
)  # fmt: skip

names = st.text(max_size=30)
huge = st.integers(-(10**400), 10**400) | st.sampled_from([2**31, 2**32, 2**63, 2**64])
scalars = st.none() | st.booleans() | huge | st.floats() | st.text(max_size=20)
values = st.recursive(
    scalars | st.sampled_from(["base64", "binary", "results", "porch", 320, 640, 16]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
messages = st.builds(
    lambda kind, parts: {"type": kind} | parts,
    st.sampled_from(KINDS) | values,
    st.dictionaries(st.sampled_from(NAMES), values, max_size=5),
)
unset = st.just(msgspec.UNSET)
widths = st.none() | st.integers(Limits.min_side, 65_535)
good = st.one_of(
    st.builds(
        wire.SettingsChange, unset | st.lists(names, max_size=5),
        unset | st.sampled_from(["base64", "binary", "results"]),
        unset | st.integers(1, 100), unset | widths,
    ),
    st.builds(wire.Share, st.none() | names),
    st.builds(wire.Unshare),
    st.builds(
        wire.Watch, names, st.sampled_from([None, 320, 640]), st.none() | st.floats(0.1, 1000)
    ),
    st.builds(wire.Unwatch, names),
    st.builds(wire.Ack, names, st.integers(-(2**63), 2**64 - 1)),
)  # fmt: skip
any_json = values | messages


def strict(data: bytes | str) -> Any:
    """Return what JSON says; ValueError for NaN, which is none."""

    def refuse(name: str) -> None:
        raise ValueError(name)

    return json.loads(data, parse_constant=refuse)


def test_the_codes_are_those_of_the_protocol() -> None:
    rows = re.findall(r"^\| (\d{4}) \|", (ROOT / "docs/protocol.md").read_text(), re.M)
    assert {str(int(code)) for code in TOLD} <= set(rows)


@given(st.text(st.characters(), max_size=200))
@example("\ud800")
@example('{"type":"share","resume":"\\ud800"}')
@example("[" * MAX_BYTES)
@example('{"type":"share","x":' + "[" * 4000)
@example('{"type":' + '{"type":' * 500)
@example('{"type":"ack","stream":"porch","seq":' + "9" * 4000 + "}")
@example('{"type":"watch","stream":"porch","fps":1e999}')
@example('{"type":NaN}')
def test_any_text_is_a_message_or_an_error_that_can_be_told(text: str) -> None:
    try_text(text)


@given(any_json)
def test_any_json_is_a_message_or_an_error_that_can_be_told(value: Any) -> None:
    try_text(json.dumps(value))
    try_text(json.dumps(value, ensure_ascii=False))


@given(messages.filter(lambda message: "more" in message))
def test_what_is_not_known_is_refused(message: dict[str, Any]) -> None:
    assert try_text(json.dumps(message)) == []


@given(st.integers(MAX_BYTES + 1, 3 * MAX_BYTES), st.sampled_from(["x", "ü", "€", "😀"]))
def test_a_long_text_is_refused_by_its_bytes(size: int, letter: str) -> None:
    count = -(-size // len(letter.encode()))
    for read in (wire.read_webcam, wire.read_watch):
        with pytest.raises(MessageError, match="at most 4096 bytes") as caught:
            read(letter * count, MAX_BYTES)
        assert (caught.value.code, caught.value.fatal) == (Code.TOO_LARGE, True)


@given(good)
def test_what_is_encoded_can_be_read_again(message: Any) -> None:
    text = wire.encode(message).decode()
    strict(text)
    assert message in try_text(text)


@given(st.binary(max_size=100).map(lambda data: data.decode("latin-1")))
@example("quality=%D9%A1&width=null&reply=%ED%A0%80")
@example("quality=" + "9" * 5000)
@example("detectors=,,&width=nan")
def test_any_query_is_settings_or_an_error_that_can_be_told(query: str) -> None:
    try_query(query)


@given(
    st.dictionaries(
        st.sampled_from(["reply", "quality", "width", "detectors"]), st.text(max_size=9)
    )
)
def test_any_setting_of_a_query_is_one_or_an_error_that_can_be_told(query: dict[str, str]) -> None:
    # As `parse_qsl` gives it: half a character never comes out of one.
    try_query("&".join(f"{name}={value}" for name, value in query.items()))


@given(st.integers(), st.none() | st.floats(), names, names)
def test_what_the_server_says_is_json(count: int, number: float | None, one: str, two: str) -> None:
    window = count % 2**32
    for said in (
        wire.Pace(window, number),
        wire.StateMessage(one, two, one, window),
        wire.FrameMessage(one, window, number or 0.0, msgspec.Raw(b"{}")),
        wire.ErrorMessage(4000, one, window, two),
        wire.Shared(one, two, one, window, two),
    ):
        told = strict(wire.encode(said))
        assert told["type"] == said.__struct_config__.tag
