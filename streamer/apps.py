"""The Django app."""

from django.apps import AppConfig


class StreamerConfig(AppConfig):
    """Registers the system checks, and has Daphne go by a steady clock, whoever runs it."""

    name = "streamer"

    def ready(self) -> None:
        from streamer import checks  # noqa: F401, PLC0415, checks need the apps to be loaded
        from streamer.servers import steady  # noqa: PLC0415, Daphne is an app itself

        steady.install()
