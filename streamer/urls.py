"""Which view answers which address."""

from django.urls import path

from streamer import health, media, views
from streamer.api import api

app_name = "streamer"
urlpatterns = [
    path("", views.webcam, name="webcam"),
    path("streams/", views.streams, name="streams"),
    path("streams/<slug:name>/", views.streams, name="stream"),
    path("streams/<slug:name>/mjpeg", media.mjpeg, name="mjpeg"),
    path("streams/<slug:name>/snapshot.jpg", media.snapshot, name="snapshot"),
    path("video_feed", media.mjpeg, name="video_feed"),
    path("api/", api.urls),
    path("healthz", health.healthz, name="healthz"),
    path("metrics", health.figures, name="metrics"),
]
