"""A stream's pictures over HTTP: endless, or one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.views.decorators.http import require_safe

from streamer import build, conf, metrics
from streamer.access import Visitor, refusal, visitor_of_request
from streamer.admission import RETRY_SECONDS
from streamer.card import card
from streamer.errors import MessageError
from streamer.stream import Picture, Stream, Viewer
from streamer.types import State

BOUNDARY = "frame"
SNAPSHOT_SECONDS = 5.5
"""How long a snapshot may take to come, the camera's opening included."""

NO_STREAM = "There is no such stream. /api/streams lists those that are."
NO_CAMERA = "There is no camera. Name one when you start the server: --camera demo=pattern:"

View = Callable[[HttpRequest, Stream, Visitor], Awaitable[HttpResponseBase]]


def of_stream(view: View) -> Callable[..., Coroutine[Any, Any, HttpResponseBase]]:
    """Let those in who may watch the stream that the address names; without a name, the first
    camera."""

    @require_safe
    @wraps(view)
    async def wrapped(request: HttpRequest, name: str | None = None) -> HttpResponseBase:
        streams = build.streams()
        stream = streams.first_camera if name is None else streams.get(name)
        if name is None and stream is not None:
            name = stream.name
        visitor = await visitor_of_request(request)
        if refused := refusal(visitor, name):
            return refused.as_text()
        if stream is None:
            return _plain(404, NO_CAMERA if name is None else NO_STREAM)
        return await view(request, stream, visitor)

    return wrapped


@of_stream
async def mjpeg(request: HttpRequest, stream: Stream, visitor: Visitor) -> HttpResponseBase:
    """Return an endless reply, a JPEG in each part: what `<img>` and most players show."""
    settings = conf.load()
    try:
        width = _width(request)
        build.admission().viewers.check(settings.MAX_VIEWERS)
    except ValueError as error:
        return _plain(400, str(error))
    except MessageError as error:
        return _busy(str(error))
    parts = _nothing() if request.method == "HEAD" else _parts(stream, visitor, width, settings)
    kind = f"multipart/x-mixed-replace; boundary={BOUNDARY}"
    response = StreamingHttpResponse(parts, content_type=kind)
    response["Cache-Control"] = "no-store"
    response["X-Accel-Buffering"] = "no"  # nginx would gather it
    return response


async def _nothing() -> AsyncIterator[bytes]:
    """Yield no part: an empty reply that is not streamed would tell a length."""
    none: tuple[bytes, ...] = ()
    for part in none:
        yield part


async def _parts(
    stream: Stream, visitor: Visitor, width: int | None, settings: conf.Conf
) -> AsyncIterator[bytes]:
    """Yield parts until the stream ends, or the visitor's link or time does. Where there is no
    picture, the reason comes as one."""
    with ExitStack() as held:
        try:
            held.enter_context(build.admission().viewers.hold(settings.MAX_VIEWERS))
        except MessageError:  # the last place was taken while the reply began
            return
        viewer = held.enter_context(stream.watch(width))
        left = _seconds_left(visitor, settings.SESSION_LIFETIME)
        held.callback(asyncio.get_running_loop().call_later(left, viewer.dismiss).cancel)
        # The boundary goes with the part before it: browsers show a part when it comes.
        yield f"--{BOUNDARY}\r\n".encode()
        async for jpeg in _pictures(stream, viewer):
            head = f"Content-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n".encode()
            yield b"".join((head, jpeg, f"\r\n--{BOUNDARY}\r\n".encode()))


def _seconds_left(visitor: Visitor, lifetime: float) -> float:
    """Return for how long a visitor may watch, at most a lifetime."""
    if visitor.until is None:
        return lifetime
    return min(lifetime, (visitor.until - datetime.now(UTC)).total_seconds())


async def _pictures(stream: Stream, viewer: Viewer) -> AsyncIterator[bytes]:
    """Yield each picture, and one that says so when the stream is not live."""
    words, size = "", (640, 480)
    while True:
        news = await viewer.next()
        if isinstance(news, Picture):
            words, size = "", news.moment.detections.size
            yield news.jpeg
        elif news.state is State.ENDED:
            return
        elif news.state is not State.LIVE and news.message and news.message != words:
            words = news.message
            yield card(f"{stream.name}: {words}", size)


@of_stream
async def snapshot(request: HttpRequest, stream: Stream, _: Visitor) -> HttpResponseBase:
    """Return the next picture as JPEG; 503 where none comes in time."""
    try:
        width = _width(request)
    except ValueError as error:
        return _plain(400, str(error))
    try:
        with (
            build.admission().viewers.hold(conf.load().MAX_VIEWERS),
            stream.watch(width) as viewer,
        ):
            async with asyncio.timeout(SNAPSHOT_SECONDS):
                return await _one(viewer)
    except MessageError as error:
        return _busy(str(error))
    except TimeoutError:
        return _busy("No picture came in time. Try again.")


async def _one(viewer: Viewer) -> HttpResponse:
    while True:
        news = await viewer.next()
        if isinstance(news, Picture):
            response = HttpResponse(news.jpeg, content_type="image/jpeg")
            response["Cache-Control"] = "no-store"
            return response
        if news.state in (State.FAILED, State.FROZEN, State.ENDED):
            return _busy(news.message)


def _width(request: HttpRequest) -> int | None:
    """Return the width that the query asks for, one of those that walls use, so that few forms are
    made; ValueError says what it may be."""
    text = request.GET.get("width", "")
    if text in ("320", "640"):
        return int(text)
    if text:
        raise ValueError(f"Expected a width of 320 or 640, or none, came {text[:20]!r}.")
    return None


def _busy(words: str) -> HttpResponse:
    metrics.refused(503)
    response = _plain(503, words)
    response["Retry-After"] = str(RETRY_SECONDS)
    return response


def _plain(status: int, words: str) -> HttpResponse:
    return HttpResponse(
        f"{words}\n",
        content_type="text/plain; charset=utf-8",
        status=status,
        headers={"Cache-Control": "no-store"},
    )
