"""What `manage.py serve` says when it listens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.conf import settings

from streamer import owner
from streamer.addresses import is_loopback


def addresses(hosts: Sequence[str], port: int) -> list[str]:
    """Return where the site is reached, best first, without a slash at the end."""
    if settings.SECURE_SSL_REDIRECT:
        return list(settings.CSRF_TRUSTED_ORIGINS)
    return [f"http://{host}:{port}" for host in hosts]


def welcome(ip: str, hosts: Sequence[str], port: int, cameras: Sequence[str]) -> Iterator[str]:
    """Yield the lines that say where the server is, who may watch, and what to do next."""
    bases = addresses(hosts, port)
    in_front = f" by what speaks HTTPS in front of port {port}"
    for base in bases:
        yield f"  {base}/{in_front if settings.SECURE_SSL_REDIRECT else ''}"
    if cameras:
        yield f"It shows the {'camera' if len(cameras) == 1 else 'cameras'} {', '.join(cameras)}:"
        yield from (f"  {base}/streams/" for base in bases)
    if settings.DEBUG:
        yield "DJANGO_DEBUG=1: anyone who reaches this server may watch all of its cameras."
    else:
        yield "Who has this link may watch all cameras. It is for you, not for sharing:"
        yield from (f"  {owner.link(base)}" for base in bases)
    if not is_loopback(ip):
        yield (
            "From another machine the page opens, but a browser gives it a webcam over HTTPS "
            "only: put a proxy or tunnel with TLS in front (README, From anywhere)."
        )
    yield "Open it in a browser and press Start. Stop the server with Ctrl+C."
