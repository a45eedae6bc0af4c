"""Where the site is, for links that are made on a command line."""

from __future__ import annotations

from argparse import ArgumentTypeError
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management.base import CommandParser


def add_url_option(parser: CommandParser) -> None:
    """Add `--url BASE`, whose value comes without a slash at its end."""
    parser.add_argument(
        "--url", type=base_url, default=default_url(), metavar="BASE",
        help="where the link's holder reaches the site (default: %(default)s)",
    )  # fmt: skip


def base_url(text: str) -> str:
    """Return the address of a site that the command line names."""
    parts = urlsplit(text)
    if parts.scheme not in ("http", "https") or not parts.netloc or parts.query or parts.fragment:
        raise ArgumentTypeError(f"expected an address such as https://cam.example.org, came {text}")
    return text.rstrip("/")


def default_url() -> str:
    """Return the first trusted https origin that is one host, else where `serve` is by default."""
    for origin in settings.CSRF_TRUSTED_ORIGINS:
        if origin.startswith("https://") and "*" not in origin:
            return str(origin)
    return "http://127.0.0.1:8000"
