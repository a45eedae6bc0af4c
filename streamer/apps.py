"""The Django app."""

from django.apps import AppConfig


class StreamerConfig(AppConfig):
    """Registers the system checks."""

    name = "streamer"

    def ready(self) -> None:
        from streamer import checks  # noqa: F401, PLC0415, checks need the apps to be loaded
