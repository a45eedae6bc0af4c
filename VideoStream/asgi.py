"""The ASGI application, for any ASGI server: HTTP by Django, WebSockets by Channels."""

import os

from channels.routing import ProtocolTypeRouter, URLRouter
from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "VideoStream.settings")
django = get_asgi_application()

# What is imported below needs the apps to be loaded.
from streamer import build  # noqa: E402
from streamer.origin import TrustedOriginValidator  # noqa: E402
from streamer.routing import websocket_urlpatterns  # noqa: E402
from streamer.servers.body import BodyLimit  # noqa: E402
from streamer.servers.headers import SecurityHeaders  # noqa: E402
from streamer.servers.lifespan import Lifespan  # noqa: E402
from streamer.threads import SharedThreads  # noqa: E402

application = Lifespan(
    ProtocolTypeRouter(
        {
            "http": SecurityHeaders(BodyLimit(SharedThreads(django))),
            "websocket": SharedThreads(TrustedOriginValidator(URLRouter(websocket_urlpatterns))),
        }
    ),
    build.start,
    build.close,
)
