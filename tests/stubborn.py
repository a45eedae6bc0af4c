"""Settings of a site whose replies do not end when they are told to."""

import asyncio
import time
from contextlib import suppress

from django.http import HttpRequest, HttpResponse
from django.urls import path

from VideoStream.settings import *  # noqa: F403

ROOT_URLCONF = "tests.stubborn"


def hangs(_: HttpRequest) -> HttpResponse:
    """Hang in a thread, as a call of a database may."""
    time.sleep(3600)
    return HttpResponse()


async def deaf(_: HttpRequest) -> HttpResponse:
    """Go on whoever cancels it."""
    while True:
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)


urlpatterns = [path("hangs", hangs), path("deaf", deaf)]
