"""The addresses of the site in tests/broken.py: the product's own, and one that fails."""

import os

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def broken(request: HttpRequest) -> HttpResponse:
    """Fail with all that came in variables, and with what is secret in words."""
    password, token, key = os.environ["CAMERA_PASSWORD"], settings.OWNER_TOKEN, settings.SECRET_KEY
    headers, cookie = dict(request.headers), dict(request.COOKIES)
    text = f"cannot open rtsp://ann:{password}@127.0.0.1:9/live with {token} and {key}"
    raise OSError(f"{text} for {request.get_full_path()}, with {len(headers) + len(cookie)} values")


urlpatterns = [path("broken/", broken), path("", include("VideoStream.urls"))]
handler500 = "streamer.views.failed"
