"""What can go wrong, as one tree.

    StreamerError
    |-- SettingsError        a setting is wrong; `manage.py check` reports it
    |-- ModelFileError       a model file is missing or damaged
    |-- SourceError          a camera gives no pictures; its words are for who watches
    |   `-- SourceTimeoutError  ... nothing came in time
    |-- DatabaseAwayError    who somebody is cannot be looked up now
    |-- DeadlineError        a frame takes too long, and is given up
    `-- MessageError         what a client sent cannot be used; it carries the code to answer with
        `-- FrameError       ... it was a frame; the session goes on

A message says what was expected, what came, and what to do about it.
"""

from enum import IntEnum


class Code(IntEnum):
    """Why an error was sent or a socket closed: WebSocket close codes of RFC 6455, 7.4.

    Daphne sends 1000 and 3000 to 4999 only. INTERNAL never closes a socket: it stands in the
    error about one frame that a fault of ours lost.
    """

    ENDED = 1000
    INTERNAL = 1011
    UNKNOWN_MESSAGE = 4000
    NOT_READING = 4002
    BAD_FRAMES = 4003
    NO_STREAM = 4004
    BAD_JSON = 4007
    CREDIT_EXCEEDED = 4008
    TOO_LARGE = 4009
    RESTARTING = 4012
    FULL = 4013
    TOO_MANY = 4029


class StreamerError(Exception):
    """The root of all errors that this package raises."""


class SettingsError(StreamerError):
    """A setting has a value that cannot be used."""


class ModelFileError(StreamerError):
    """A model file is missing or cannot be read."""


class SourceError(StreamerError):
    """A camera cannot be opened or read. The message is for viewers: it names no address."""


class SourceTimeoutError(SourceError):
    """A camera did not answer, or sent nothing, in time."""


class DatabaseAwayError(StreamerError):
    """The database does not answer in time, or not at all."""


class DeadlineError(StreamerError):
    """Work takes longer than it may, and is waited for no more; the traceback says where it is."""


class MessageError(StreamerError):
    """A client's message cannot be used; `seq` is its number where it was a frame."""

    def __init__(
        self, code: Code, message: str, *, seq: int | None = None, fatal: bool = False
    ) -> None:
        super().__init__(message)
        self.code = code
        self.seq = seq
        self.fatal = fatal


class FrameError(MessageError):
    """A frame is no JPEG picture within the limits."""
