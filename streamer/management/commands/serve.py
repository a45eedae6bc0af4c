"""`manage.py serve`: the whole server in one command."""

from __future__ import annotations

import errno
import os
from argparse import ArgumentTypeError
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser

from streamer import build, servers
from streamer.addresses import is_loopback, reachable_hosts
from streamer.conf import PREFIX


def port_number(text: str) -> int:
    """Return a port that the command line names."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise ArgumentTypeError(f"expected a port of 0 to 65535, came {number}")
    return number


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

    def execute(self, *args: Any, **options: Any) -> str | None:
        # Before the system checks run, so that they check what was asked for.
        if options["frame_count"] is not None:
            os.environ[f"{PREFIX}FRAME_COUNT"] = str(options["frame_count"])
        return super().execute(*args, **options)

    def handle(self, *_: Any, **options: Any) -> None:
        # Only where they are going to run: the application loads all of the site.
        server_class = servers.load(options["server"])
        from VideoStream.asgi import application  # noqa: PLC0415

        ip, port = options["ip"], options["port"]
        if not ip:
            raise CommandError(
                "--ip is empty. Name an address, or 0.0.0.0 for all of this machine."
            )
        hosts = reachable_hosts(ip)
        settings.ALLOWED_HOSTS = list(dict.fromkeys([*settings.ALLOWED_HOSTS, *hosts]))
        call_command("migrate", interactive=False, verbosity=0)
        server = server_class(application, ip, port, lambda port: self._welcome(ip, hosts, port))
        server.run()
        if server.failure:
            raise CommandError(_cannot_serve(ip, port, server.failure))

    def _welcome(self, ip: str, hosts: list[str], port: int) -> None:
        """Say where the server is and what to do there, and load the models meanwhile."""
        build.warm_up()
        self.stdout.write(self.style.SUCCESS("VideoStream is running:"))
        if settings.SECURE_SSL_REDIRECT:
            for origin in settings.CSRF_TRUSTED_ORIGINS:
                self.stdout.write(f"  {origin}/ by what speaks HTTPS in front of port {port}")
        else:
            for host in hosts:
                self.stdout.write(f"  http://{host}:{port}/")
        if not is_loopback(ip):
            self.stdout.write(
                "From another machine the page opens, but a browser gives it a webcam over HTTPS "
                "only: put a proxy or tunnel with TLS in front (README, From anywhere)."
            )
        self.stdout.write("Open it in a browser and press Start. Stop the server with Ctrl+C.")
        self.stdout.flush()
