"""The API: which streams there are and how they are, and links to them; /api/openapi.json says it
for programs."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI, Schema
from ninja.errors import HttpError, ValidationError
from ninja.utils import check_csrf
from pydantic import Field

from streamer import build, links
from streamer.access import refusal, visitor_of_request
from streamer.errors import SettingsError
from streamer.stream import Stream
from streamer.types import Detections

api = NinjaAPI(
    title="VideoStream",
    version="1",
    urls_namespace="streamer:api",
    docs_url=None,
    openapi_url="/openapi.json",
)


class StreamOut(Schema):
    """A stream: how it is, and its figures while it is live."""

    name: str
    kind: str = Field(description="camera or webcam")
    state: str = Field(description="closed, opening, live, frozen, failed or ended")
    message: str = Field(description="why, in words")
    viewers: int
    fps: float = Field(description="pictures a second")
    age_ms: float | None = Field(description="from the frame's coming to its picture's going out")
    size: tuple[int, int] | None = Field(description="width and height of the frames in pixels")
    seen: dict[str, bool | int] | None = Field(
        description="what is in the newest frame, by detector: motion, or how many"
    )


class StreamsOut(Schema):
    """All streams that the visitor may watch."""

    streams: list[StreamOut]


class LinkIn(Schema):
    """A link to ask for."""

    hours: float = Field(description=f"how long it holds, {links.MAX_HOURS} at the most")


class LinkOut(Schema):
    """A link that lets anybody who has it watch one stream."""

    url: str = Field(description="path and query, without scheme and host")
    until: datetime


class Detail(Schema):
    """Why something is refused."""

    detail: str


Refusals = {401: Detail, 403: Detail}


@api.get("/streams", response={200: StreamsOut} | Refusals, summary="All streams")
async def list_streams(request: HttpRequest) -> Any:
    """Those that the visitor may watch. Who holds a link sees its stream alone."""
    visitor = await visitor_of_request(request)
    if visitor.is_stranger and (refused := refusal(visitor)):
        return refused.as_json()
    return {"streams": [_told(each) for each in build.streams() if visitor.may_watch(each.name)]}


@api.post(
    "/streams/{name}/links",
    response={200: LinkOut, 400: Detail, 404: Detail} | Refusals,
    summary="A link to a stream",
)
async def make_link(request: HttpRequest, name: str, asked: LinkIn) -> Any:
    """For who may watch all. With a session's cookie, Django's CSRF token goes along in
    X-CSRFToken."""
    visitor = await visitor_of_request(request)
    if refused := refusal(visitor):
        return refused.as_json()
    if _may_be_forged(request):
        raise HttpError(403, "Expected the CSRF token of the session in X-CSRFToken.")
    if build.streams().get(name) is None:
        raise HttpError(404, "There is no such stream.")
    try:
        link = links.for_hours(name, asked.hours)
    except SettingsError as error:
        raise HttpError(400, str(error)) from None
    return {"url": link.path, "until": link.until}


@api.exception_handler(Exception)
def _failed(_request: HttpRequest, error: Exception) -> HttpResponse:
    """Leave it to Django: with DEBUG, ninja would answer with a traceback that nobody has read for
    secrets."""
    raise error


@api.exception_handler(ValidationError)
def _misfit(request: HttpRequest, error: ValidationError) -> HttpResponse:
    """Answer what does not fit the document as all else that cannot be used."""
    troubles = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in error.errors)
    words = f"Expected what /api/openapi.json describes. {troubles}."
    return api.create_response(request, {"detail": words}, status=400)


def _may_be_forged(request: HttpRequest) -> bool:
    """Tell whether another site's page may have had a browser send it: a session comes along with
    whatever is sent here, a token does not."""
    return settings.SESSION_COOKIE_NAME in request.COOKIES and check_csrf(request) is not None


def _told(stream: Stream) -> dict[str, Any]:
    status, moment = stream.status, stream.moment
    return {
        "name": stream.name,
        "kind": stream.kind,
        "state": status.state,
        "message": status.message,
        "viewers": len(stream.viewers),
        "fps": round(stream.fps, 1),
        "age_ms": None if stream.age is None else round(stream.age * 1e3, 1),
        "size": moment.detections.size if moment else None,
        "seen": _seen(moment.detections) if moment else None,
    }


def _seen(detections: Detections) -> dict[str, bool | int]:
    seen: dict[str, bool | int] = {}
    if detections.motion is not None:
        seen["motion"] = bool(detections.motion)
    if detections.faces is not None:
        seen["faces"] = len(detections.faces)
    return seen | {name: len(found.boxes) for name, found in detections.findings.items()}
