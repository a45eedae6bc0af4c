"""Settings of the site with an address, /fails, where it fails as a view may."""

from collections.abc import Awaitable, Callable

from asgiref.sync import markcoroutinefunction
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from VideoStream.settings import *  # noqa: F403
from VideoStream.settings import MIDDLEWARE

MIDDLEWARE = [*MIDDLEWARE, "tests.failing.Failing"]


class Failing:
    """What is asked last, where views are."""

    async_capable = True
    sync_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], Awaitable[HttpResponseBase]]) -> None:
        self._get_response = get_response
        markcoroutinefunction(self)

    async def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path == "/fails":
            raise RuntimeError("it failed")
        return await self._get_response(request)
