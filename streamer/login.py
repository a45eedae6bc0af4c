"""The log-in page."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.views import LoginView

from streamer.access import Trouble, visitor_of_request


class LoginPage(LoginView):
    """Django's log-in, which also says why somebody was sent here and how the owner gets in."""

    template_name = "streamer/login.html"

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trouble = None
        with suppress(ValueError):
            trouble = Trouble(self.request.GET.get("why", ""))
        visitor = async_to_sync(visitor_of_request)(self.request)
        return super().get_context_data(**kwargs) | {"trouble": trouble, "visitor": visitor}
