"""Twisted's HTTP connections, bounded in what a client may send and in how long it may take."""

from __future__ import annotations

from functools import partial
from http import HTTPStatus
from typing import Any

from daphne.http_protocol import WebRequest

from streamer.servers import handles
from streamer.servers.body import MAX_BODY_BYTES
from streamer.servers.refusal import REQUEST_SECONDS, refusal


def bound(factory: Any) -> None:
    """Have all connections that a factory makes give their requests REQUEST_SECONDS, and turn new
    ones away while file handles are few."""
    build = factory.buildProtocol

    def build_bounded(address: Any) -> Any:
        if handles.are_few():
            return None
        protocol = build(address)
        channel = protocol._channel
        # By itself Twisted waits anew with each byte.
        channel.resetTimeout = _nothing
        channel._respondToBadRequestAndDisconnect = partial(
            _refuse, channel, HTTPStatus.BAD_REQUEST
        )
        return protocol

    factory.timeOut = REQUEST_SECONDS
    factory.buildProtocol = build_bounded


def bound_request(request: WebRequest) -> None:
    """Refuse a body that is too large or comes in pieces, as soon as that is known; daphne's own
    errors are refusals too."""
    request.gotLength = partial(_expect, request)
    request.handleContentChunk = partial(_take_in, request)
    request.basic_error = partial(_fail, request)


def _expect(request: WebRequest, length: int | None) -> None:
    if length is None:
        _refuse(request.channel, HTTPStatus.LENGTH_REQUIRED)
    elif length > MAX_BODY_BYTES:
        _refuse(request.channel, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    else:
        type(request).gotLength(request, length)


def _take_in(request: WebRequest, data: bytes) -> None:
    """Keep a piece of a request's body. Daphne keeps all of it before it asks for an answer."""
    request.content.write(data)


def _fail(request: WebRequest, status: int, *_: object) -> None:
    if request.channel:  # else its client has gone
        _refuse(request.channel, HTTPStatus(status))


def _refuse(channel: Any, status: HTTPStatus) -> None:
    """Answer in the place of the application, and take in nothing more."""
    channel.dataReceived = channel.lineReceived = channel.rawDataReceived = _nothing
    if not channel.transport.disconnecting:
        channel.transport.write(refusal(status))
        channel.loseConnection()


def _nothing(*_: object) -> None:
    pass
