"""The site's addresses."""

from django.contrib.auth.views import LogoutView
from django.urls import include, path

from streamer.login import LoginPage

urlpatterns = [
    path("login/", LoginPage.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("", include("streamer.urls")),
]
handler500 = "streamer.views.failed"
