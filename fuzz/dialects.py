"""Binary messages of both dialects, for any bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from streamer.dialects import NUMBER_BYTES, Plain, Version1
from streamer.errors import Code, MessageError


def target(data: bytes) -> None:
    """Try the bytes as messages of one session: a length byte, then so many bytes."""
    try_session(list(_cut(data)))


def try_session(messages: Iterable[bytes]) -> list[int]:
    """Return the numbers that videostream.v1 reads from its messages; they only grow."""
    plain, numbered = Plain(), Version1()
    numbers: list[int] = []
    for count, message in enumerate(messages, 1):
        assert plain.read_frame(message) == (count, message)
        try:
            seq, jpeg = numbered.read_frame(message)
        except MessageError as error:
            assert error.fatal, error
            assert error.code is Code.UNKNOWN_MESSAGE, error
            continue
        assert jpeg
        assert message == seq.to_bytes(NUMBER_BYTES, "little") + jpeg
        assert not numbers or seq > numbers[-1], (seq, numbers[-1])
        numbers.append(seq)
    return numbers


def _cut(data: bytes) -> Iterator[bytes]:
    at = 0
    while at < len(data):
        end = at + 1 + data[at]
        yield data[at + 1 : end]
        at = end
