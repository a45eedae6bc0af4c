"""The log-in page."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from asgiref.sync import async_to_sync
from django.contrib.auth.forms import AuthenticationForm
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse

from streamer import build, caller, conf, metrics
from streamer.access import Trouble, visitor_of_request

PAUSE_SECONDS = 60
"""When who tried too often may try again."""


class LoginPage(LoginView):
    """Django's log-in, which also says why somebody was sent here and how the owner gets in, and
    lets an address try a few passwords a minute."""

    template_name = "streamer/login.html"

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        settings = conf.load()
        self._most = settings.LOGINS_PER_MINUTE
        self._caller = caller.of_request(request.META, settings.TRUSTED_PROXIES)
        if build.admission().logins.may(self._caller.address, self._most):
            return super().post(request, *args, **kwargs)
        return self._pause()

    def _pause(self) -> HttpResponse:
        """Ask for a pause; the password is not looked at, which would be work."""
        trouble = (
            f"{self._most} wrong passwords came from your address within a minute. Try again in a "
            f"minute.{self._caller.note}"
        )
        context = self.get_context_data(form=AuthenticationForm(self.request), trouble=trouble)
        response = self.render_to_response(context, status=429)
        response["Retry-After"] = str(PAUSE_SECONDS)
        metrics.refused(429)
        return response

    def form_invalid(self, form: AuthenticationForm) -> HttpResponse:
        build.admission().logins.note(self._caller.address)
        return super().form_invalid(form)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        trouble = ""
        with suppress(ValueError):
            trouble = Trouble(self.request.GET.get("why", "")).words
        visitor = async_to_sync(visitor_of_request)(self.request)
        return {"trouble": trouble, "visitor": visitor} | super().get_context_data(**kwargs)
