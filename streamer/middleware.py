"""What is done with every request."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Awaitable, Callable
from hashlib import sha256

from asgiref.sync import markcoroutinefunction
from csp.constants import HEADER as CSP
from csp.utils import build_policy
from django.conf import settings
from django.core.exceptions import MiddlewareNotUsed
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

from streamer import access, owner

PLAYED = {f"streamer:{name}" for name in ("mjpeg", "snapshot", "video_feed", "healthz", "metrics")}
"""What players and programs open: they know no cookies, and take the token in the address."""

API = "api/"
"""Where the addresses that programs ask begin; the token is theirs too."""


STYLE = re.compile(rb"<style[^>]*>(.*?)</style>", re.DOTALL)
"""What an error page that DEBUG shows looks like stands in the page itself."""


class DebugPageMiddleware:
    """Lets the error pages that DEBUG shows have their style, and nothing else: no script."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        if not settings.DEBUG:
            raise MiddlewareNotUsed
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = await self._get_response(request)
        if isinstance(response, HttpResponse) and response.status_code >= 400:
            digests = [sha256(style).digest() for style in STYLE.findall(response.content)]
            styles = [f"'sha256-{b64encode(digest).decode()}'" for digest in digests]
            response[CSP] = build_policy(update={"style-src": styles})
        return response


class OwnerLinkMiddleware:
    """Lets the owner in by `?token=…`, and takes the token out of the browser's address bar.

    It stays in no history, no bookmark and no Referer: the session remembers from here on.
    """

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.method != "GET" or "token" not in request.GET or _takes_token(request):
            return await self._get_response(request)
        if owner.is_token(request.GET["token"]):
            await owner.enter(request.session)
            target = access.without_credentials(request)
        else:
            target = access.login_url(request, access.Trouble.TOKEN_WRONG)
        response = HttpResponseRedirect(target)
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response


def _takes_token(request: HttpRequest) -> bool:
    """Tell whether what is asked for is no page: what there is not is taken for one."""
    try:
        match = resolve(request.path_info)
    except Resolver404:
        return False
    return match.view_name in PLAYED or match.route.startswith(API)
