"""Settings of a site whose only page is a reply that goes on until its client leaves."""

import asyncio
import sys
from collections.abc import AsyncIterator

from django.http import HttpRequest, StreamingHttpResponse
from django.urls import path

from VideoStream.settings import *  # noqa: F403

ROOT_URLCONF = "tests.endless"

PART = bytes(65_536)


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


async def broken(_: HttpRequest) -> StreamingHttpResponse:
    async def parts() -> AsyncIterator[bytes]:
        yield PART
        raise RuntimeError("the camera broke")

    return StreamingHttpResponse(parts())


urlpatterns = [path("", page), path("broken", broken)]
