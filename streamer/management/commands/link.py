"""`manage.py link`: the owner's link, for servers that `manage.py serve` did not start."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from streamer import owner
from streamer.management.site import add_url_option


class Command(BaseCommand):
    """Prints the link, and nothing else to standard output."""

    help = "Print the owner's link: who has it may watch all cameras."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        add_url_option(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        self.stdout.write(owner.link(options["url"]))
