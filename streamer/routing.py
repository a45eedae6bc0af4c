"""Which consumer answers which WebSocket."""

from django.urls import path

from streamer.consumers import WebcamConsumer

websocket_urlpatterns = [
    path("", WebcamConsumer.as_asgi()),
    path("ws/webcam/", WebcamConsumer.as_asgi()),
]
