"""Who may watch: somebody logged in, the owner, who holds a link; with DEBUG, anyone.

Never by the visitor's address: behind a proxy or a tunnel everybody has the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from importlib import import_module
from typing import Any
from urllib.parse import parse_qsl, urlencode

from channels.db import aclose_old_connections
from django.conf import settings
from django.contrib.auth import aget_user
from django.contrib.auth.models import AnonymousUser
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
    parse_cookie,
)
from django.urls import reverse
from django.utils.encoding import escape_uri_path
from django.utils.http import escape_leading_slashes

from streamer import database, links, metrics, owner
from streamer.errors import DatabaseAwayError
from streamer.origin import is_own_page
from streamer.redaction import CREDENTIALS

LOOKUP_SECONDS = 3.0
"""How long the database may take to tell who somebody is."""
AWAY = "The database does not answer, so who you are is not known. Try again in a few seconds."

BEARER = "bearer"
"""What stands before the owner's token in a request's Authorization (RFC 6750, 2.1), in capitals or
not (RFC 9110, 11.1)."""


class Trouble(StrEnum):
    """Why somebody may not watch; `words` says it."""

    UNKNOWN = "unknown"
    TOKEN_WRONG = "token"  # noqa: S105, no password
    LINK_WRONG = "link"
    LINK_OVER = "over"
    OTHER_STREAM = "other"

    @property
    def words(self) -> str:
        return WORDS[self]


WORDS = {
    Trouble.UNKNOWN: "Expected a log-in or a link, came neither. Log in, or ask for a link.",
    Trouble.TOKEN_WRONG: "This owner's link is not valid, or not any more. "
    "manage.py link, run on the server, prints the one that is.",
    Trouble.LINK_WRONG: "This link is not valid. Copy all of it, or ask for a new one.",
    Trouble.LINK_OVER: "This link has expired. Ask who sent it for a new one.",
    Trouble.OTHER_STREAM: "This link opens one stream, and not this. Ask for one that does.",
}


@dataclass(frozen=True)
class Visitor:
    """What somebody may watch: every stream; or one, until when; or nothing, and why."""

    may_watch_all: bool = False
    stream: str | None = None
    until: datetime | None = None
    trouble: Trouble = Trouble.UNKNOWN
    user: str | None = None
    """Whose log-in it is, where it is one."""

    @property
    def is_stranger(self) -> bool:
        return not self.may_watch_all and self.stream is None

    def may_watch(self, name: str) -> bool:
        """Tell whether a stream, which need not exist, may be watched now."""
        if self.may_watch_all:
            return True
        is_over = self.until is not None and datetime.now(UTC) >= self.until
        return name == self.stream and not is_over


EVERYTHING = Visitor(may_watch_all=True)


async def visitor_of_request(request: HttpRequest) -> Visitor:
    """Return who sends a request, by its query, its Authorization or its session.

    `request.user` is loaded from then on: an async view's template may read it.
    """
    visitor = _with_credentials(request.GET.dict(), request.headers.get("Authorization", ""))
    try:
        request.user = await request.auser()
        is_known = request.user.is_authenticated or await owner.is_in(request.session)
    except database.FAILURES:
        if visitor.is_stranger:
            raise
        request.user, is_known = AnonymousUser(), False  # what they brought will do
    # An endless answer would keep the session's connection to the database as long as it goes on.
    await aclose_old_connections()
    return EVERYTHING if is_known else visitor


async def visitor_of_scope(scope: Mapping[str, Any]) -> Visitor:
    """Return who opens a WebSocket, by its query, its Authorization or its session;
    DatabaseAwayError where only the session could tell, and it cannot be read.

    Cookies count for a page of this site alone. Those of a browser go to all ports of a host, so
    another service on the same machine could use them; and what names no Origin is a program.
    """
    query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
    headers = dict(scope["headers"])
    visitor = _with_credentials(query, headers.get(b"authorization", b"").decode("latin-1"))
    cookies = parse_cookie(headers.get(b"cookie", b"").decode("latin-1"))
    key = cookies.get(settings.SESSION_COOKIE_NAME)
    if visitor.may_watch_all or not key or not is_own_page(scope):
        return visitor
    try:
        async with asyncio.timeout(LOOKUP_SECONDS):
            return await _visitor_of_session(key) or visitor
    except (*database.FAILURES, TimeoutError) as error:
        if not visitor.is_stranger:
            return visitor
        raise DatabaseAwayError(AWAY) from error


async def _visitor_of_session(key: str) -> Visitor | None:
    session = import_module(settings.SESSION_ENGINE).SessionStore(key)
    if await owner.is_in(session):
        return EVERYTHING
    request = HttpRequest()
    request.session = session
    user = await aget_user(request)
    return Visitor(may_watch_all=True, user=str(user.pk)) if user.is_authenticated else None


def bearer(authorization: str) -> str:
    """Return the token in a request's Authorization, empty where there is none."""
    scheme, _, value = authorization.partition(" ")
    return value.strip() if scheme.lower() == BEARER else ""


def _with_credentials(query: Mapping[str, str], authorization: str) -> Visitor:
    """Return who somebody is by what they bring themselves, without a session."""
    token = query.get("token")
    if brought := bearer(authorization):
        token = brought
    if settings.DEBUG or (token is not None and owner.is_token(token)):
        return EVERYTHING
    if "key" in query:
        return _holder(links.read(query["key"]))
    return Visitor(trouble=Trouble.UNKNOWN if token is None else Trouble.TOKEN_WRONG)


def _holder(link: links.Link | None) -> Visitor:
    if link is None:
        return Visitor(trouble=Trouble.LINK_WRONG)
    if link.is_over:
        return Visitor(trouble=Trouble.LINK_OVER)
    return Visitor(stream=link.stream, until=link.until)


@dataclass(frozen=True)
class Refusal:
    """Why somebody may not have what they asked for, and the HTTP status that says so."""

    status: int
    trouble: Trouble

    def as_text(self) -> HttpResponse:
        """Return the answer to who asked for media."""
        return self._sealed(
            HttpResponse(f"{self.trouble.words}\n", "text/plain; charset=utf-8", self.status)
        )

    def as_json(self) -> HttpResponse:
        """Return the answer to who asked for data."""
        return self._sealed(JsonResponse({"detail": self.trouble.words}, status=self.status))

    def as_page(self, request: HttpRequest) -> HttpResponse:
        """Return the way to the log-in, and from there back to the page that was asked for."""
        return self._sealed(HttpResponseRedirect(login_url(request, self.trouble)))

    def _sealed(self, response: HttpResponse) -> HttpResponse:
        metrics.refused(self.status)
        response["Cache-Control"] = "no-store"
        if self.status == 401:
            response["WWW-Authenticate"] = 'Bearer realm="VideoStream"'
        return response


def refusal(visitor: Visitor, name: str | None = None) -> Refusal | None:
    """Return why a visitor may not watch the stream of a name, or where there is no name all
    streams; None where they may. It does not depend on whether there is such a stream."""
    if visitor.may_watch_all if name is None else visitor.may_watch(name):
        return None
    if visitor.is_stranger:
        return Refusal(401, visitor.trouble)
    is_over = name is not None and name == visitor.stream  # it was not when they came
    return Refusal(403, Trouble.LINK_OVER if is_over else Trouble.OTHER_STREAM)


def without_credentials(request: HttpRequest) -> str:
    """Return the path and query of a request without what lets somebody in."""
    query = QueryDict(mutable=True)
    query.update(request.GET)
    for name in CREDENTIALS:
        query.pop(name, None)
    path = escape_leading_slashes(escape_uri_path(request.path))  # two would name another host
    return f"{path}?{query.urlencode()}" if query else path


def login_url(request: HttpRequest, trouble: Trouble) -> str:
    """Return the address of the log-in, which says what the trouble is and leads back."""
    query = {"next": without_credentials(request)}
    if trouble is not Trouble.UNKNOWN:
        query["why"] = trouble.value
    return f"{reverse('login')}?{urlencode(query)}"
