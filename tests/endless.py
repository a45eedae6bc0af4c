"""Settings of a site whose replies go on until their client leaves."""

import asyncio
import sys
from collections.abc import AsyncIterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.urls import path

from VideoStream.settings import *  # noqa: F403

ROOT_URLCONF = "tests.endless"

PART = bytes(65_536)
PICTURE = bytes(20_000)

pictures_made = 0


async def parts() -> AsyncIterator[bytes]:
    made = 0
    try:
        while True:
            yield PART
            made += 1
            await asyncio.sleep(0)
    finally:
        print(f"ended after {made} parts", file=sys.stderr, flush=True)  # noqa: T201


async def page(_: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(parts())


async def pictures(_: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        global pictures_made  # noqa: PLW0603
        while True:
            yield PICTURE
            pictures_made += 1
            await asyncio.sleep(0)

    return StreamingHttpResponse(parts())


async def made(_: HttpRequest) -> HttpResponse:
    return HttpResponse(str(pictures_made))


async def broken(_: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield PART
        raise RuntimeError("the camera broke")

    return StreamingHttpResponse(parts())


urlpatterns = [
    path("", page),
    path("pictures", pictures),
    path("made", made),
    path("broken", broken),
]
