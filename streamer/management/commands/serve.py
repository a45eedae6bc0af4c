"""`manage.py serve`: the whole server in one command."""

from __future__ import annotations

import errno
import os
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from streamer import build, conf, servers
from streamer.addresses import is_loopback, reachable_hosts
from streamer.conf import PREFIX
from streamer.management.camera_option import camera, merged
from streamer.management.welcome import welcome

EXHAUSTED = (
    "As many threads hang as WORKERS has for frames: a detector does not come back. The log says "
    "where. Start the server again, without that detector if it happens again."
)


def port_number(text: str) -> int:
    """Return a port that the command line names."""
    if not (text.isdecimal() and int(text) <= 65_535):
        raise ArgumentTypeError(f"expected a port of 0 to 65535, came {text}")
    return int(text)


def _check_address(ip: str) -> None:
    """Raise CommandError where the site must not be served on an address."""
    if not ip:
        raise CommandError("--ip is empty. Name an address, or 0.0.0.0 for all of this machine.")
    if settings.DEBUG and not is_loopback(ip):
        raise CommandError(
            f"With DJANGO_DEBUG=1 anyone may watch, and errors show what is inside: {ip} would let "
            "other machines in. Serve on 127.0.0.1, or set DJANGO_DEBUG=0."
        )


def _cannot_serve(ip: str, port: int, failure: Exception) -> str:
    """Return why the server cannot listen, and what to do about it."""
    cause = getattr(failure, "socketError", failure)
    remedy = {
        errno.EADDRINUSE: "Another program has this port: choose another with --port, or any that "
        "is free with --port 0.",
        errno.EACCES: "Ports below 1024 are the system's: choose another with --port.",
    }.get(getattr(cause, "errno", 0), "Choose an address of this machine with --ip.")
    return f"Cannot serve on {ip} port {port}: {cause}. {remedy}"


class Command(BaseCommand):
    """Migrates if needed, then serves until it is stopped."""

    help = "Serve VideoStream."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "-i", "--ip", default="127.0.0.1", help="address (default: %(default)s)"
        )
        parser.add_argument(
            "-o",
            "--port",
            type=port_number,
            default=8000,
            help="port, 0 for any (default: %(default)s)",
        )
        parser.add_argument(
            "-f",
            "--frame-count",
            type=int,
            help="frames that build the motion background before motion is reported (default: 32)",
        )
        parser.add_argument(
            "--server",
            choices=servers.SERVERS,
            default="daphne",
            help="ASGI server: daphne or uvicorn (default: %(default)s)",
        )
        parser.add_argument(
            "--camera",
            action="append",
            type=camera,
            default=[],
            metavar="NAME=SPEC",
            help="a camera to show, such as demo=pattern: (repeatable)",
        )

    def execute(self, *args: Any, **options: Any) -> str | None:
        # Before the system checks run, so that they check what was asked for.
        if options["frame_count"] is not None:
            os.environ[f"{PREFIX}FRAME_COUNT"] = str(options["frame_count"])
        if options["camera"]:
            os.environ[f"{PREFIX}CAMERAS"] = merged(options["camera"])
        return super().execute(*args, **options)

    def handle(self, *_: Any, **options: Any) -> None:
        ip, port = options["ip"], options["port"]
        _check_address(ip)
        # Only where they are going to run: the application loads all of the site.
        server_class = servers.load(options["server"])
        from VideoStream.asgi import application  # noqa: PLC0415

        hosts = reachable_hosts(ip)
        settings.ALLOWED_HOSTS = list(dict.fromkeys([*settings.ALLOWED_HOSTS, *hosts]))
        call_command("migrate", interactive=False, verbosity=0)
        server = server_class(application, ip, port, lambda port: self._welcome(ip, hosts, port))
        server.run()
        if server.failure:
            raise CommandError(_cannot_serve(ip, port, server.failure))
        if build.pool().is_exhausted:
            raise CommandError(EXHAUSTED)

    def _welcome(self, ip: str, hosts: list[str], port: int) -> None:
        """Say where the server is and what to do there; the models are loaded meanwhile."""
        self.stdout.write(self.style.SUCCESS("VideoStream is running:"))
        for line in welcome(ip, hosts, port, list(conf.cameras(conf.load()))):
            self.stdout.write(line)
        self.stdout.flush()
