"""Pages."""

from __future__ import annotations

import codecs
import errno
import logging
import sys

from asgiref.sync import async_to_sync
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.views.decorators.csrf import ensure_csrf_cookie
from django.views.decorators.http import require_safe
from django.views.defaults import server_error

from streamer import build, conf, database
from streamer.access import refusal, visitor_of_request
from streamer.admission import RETRY_SECONDS
from streamer.occasional import OccasionalLog

API = "/api/"
"""Where the addresses begin whose answers are JSON."""

troubles = OccasionalLog(logging.getLogger(__name__))

SHORTAGES = {
    errno.EMFILE: "The server has no file handles left.",
    errno.ENFILE: "The server's machine has no file handles left.",
    errno.ENOSPC: "The server's disk is full.",
    errno.EDQUOT: "The server's disk is full.",
}
"""What comes back by itself, by what the operating system says."""

# Django writes what has failed in this to the log: without handles it could not be loaded then.
codecs.lookup("unicode_escape")


@require_safe
def webcam(request: HttpRequest) -> HttpResponse:
    """The page that shows a visitor what is seen in their webcam's pictures. In a thread: its
    template asks who is logged in."""
    if not conf.load().ANONYMOUS_WEBCAM:
        visitor = async_to_sync(visitor_of_request)(request)
        if refused := refusal(visitor):
            return refused.as_page(request)
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


def failed(request: HttpRequest) -> HttpResponse:
    """Answer for what has failed: what comes back by itself is no fault, and is told."""
    error = sys.exc_info()[1]
    if isinstance(error, database.FAILURES):
        words = "The server's database does not answer, so it cannot tell who you are."
    elif isinstance(error, OSError) and error.errno in SHORTAGES:
        words = SHORTAGES[error.errno]
    else:
        return server_error(request)
    troubles.tell(words, error)
    words = f"{words} Try again in {RETRY_SECONDS} s."
    headers = {"Retry-After": str(RETRY_SECONDS), "Cache-Control": "no-store"}
    if request.path_info.startswith(API):
        return JsonResponse({"detail": words}, status=503, headers=headers)
    return HttpResponse(f"{words}\n", "text/plain; charset=utf-8", 503, headers=headers)
