"""Which page answers which address."""

from django.urls import path

from streamer import views

app_name = "streamer"
urlpatterns = [path("", views.webcam, name="webcam")]
