"""Settings of gunicorn: gunicorn -c deploy/gunicorn.py VideoStream.asgi:application

`manage.py migrate` comes first; docs/deploy.md tells of the rest.
"""

import math
import os
import sys
from typing import Any

bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", "1"))
worker_class = "streamer.servers.gunicorn.GunicornWorker"
# A worker itself ends within DRAIN_TIMEOUT, which is read when the project can be imported.
graceful_timeout = 10
timeout = 60  # of a worker that does not say that it lives
keepalive = 5  # seconds
backlog = 2048
# Requests are in no log: a query may hold a secret. What stands in front can write one.
accesslog = None
errorlog = "-"
loglevel = "info"
# As all else here is logged; what a worker logs is the site's own.
logconfig_dict: dict[str, Any] = {
    "formatters": {"line": {"()": "VideoStream.logs.stderr_formatter"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"level": "WARNING", "handlers": ["stderr"]},
    "loggers": {"gunicorn.error": {"level": "INFO", "handlers": [], "propagate": True}},
}
# Its place is shared by all that this user runs under gunicorn.
control_socket_disable = True

PER_WORKER = (
    "%d workers, each a server of its own: each opens the cameras that its viewers watch; a webcam "
    "that is shared is seen by viewers of the same worker only; numbers of viewers and all limits "
    "are those of one worker. With WEB_CONCURRENCY=1 there is one of each."
)


def on_starting(server: Any) -> None:
    """Refuse settings that cannot be used, and to show everything to other machines."""
    # This file is read before the project can be imported.
    from django.core.exceptions import ImproperlyConfigured  # noqa: PLC0415

    from streamer import conf  # noqa: PLC0415
    from streamer.addresses import is_loopback  # noqa: PLC0415
    from streamer.errors import SettingsError  # noqa: PLC0415

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "VideoStream.settings")
    try:
        from VideoStream.settings import DEBUG  # noqa: PLC0415

        seconds = conf.load().DRAIN_TIMEOUT
    except (ImproperlyConfigured, SettingsError) as error:
        server.log.error("%s", error)
        sys.exit(1)
    server.cfg.set("graceful_timeout", math.ceil(seconds))
    hosts = [address[0] for address in server.cfg.address if isinstance(address, tuple)]
    if DEBUG and not all(is_loopback(host) for host in hosts):
        server.log.error(
            "With DJANGO_DEBUG=1 anyone may watch: BIND must be an address such as "
            "127.0.0.1:8000, which only this machine reaches; it is %s.",
            bind,
        )
        sys.exit(1)


def when_ready(server: Any) -> None:
    """Say what several workers do not share."""
    if server.cfg.workers > 1:
        server.log.warning(PER_WORKER, server.cfg.workers)
