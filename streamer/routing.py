"""Which consumer answers which WebSocket."""

from channels.security.websocket import WebsocketDenier
from django.urls import path, re_path

from streamer.consumers.watch import WatchConsumer
from streamer.consumers.webcam import WebcamConsumer

websocket_urlpatterns = [
    path("", WebcamConsumer.as_asgi()),
    path("ws/webcam/", WebcamConsumer.as_asgi()),
    path("ws/watch/", WatchConsumer.as_asgi()),
    # Refused before the hand-shake. Without a last route Channels fails, with a traceback.
    re_path("", WebsocketDenier.as_asgi()),
]
