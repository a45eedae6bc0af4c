"""Pages."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe

from streamer import build
from streamer.access import refusal, visitor_of_request


@require_safe
def webcam(request: HttpRequest) -> HttpResponse:
    """The page that shows a visitor what is seen in their webcam's pictures."""
    return render(request, "streamer/webcam.html")


@require_safe
@ensure_csrf_cookie
async def streams(request: HttpRequest, name: str = "") -> HttpResponse:
    """The wall of all cameras, or one of them made large."""
    visitor = await visitor_of_request(request)
    if refused := refusal(visitor, name or None):
        return refused.as_page(request)
    if name and build.streams().get(name) is None:
        raise Http404(f"There is no stream {name}.")
    user = await request.auser()
    shown = {
        "stream": name,
        "may_share": visitor.may_watch_all,
        "visitor": user.get_username(),
    }
    return render(request, "streamer/streams.html", shown)
