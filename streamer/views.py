"""Pages."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
def webcam(request: HttpRequest) -> HttpResponse:
    """The page that shows a visitor what is seen in their webcam's pictures."""
    return render(request, "streamer/webcam.html")
