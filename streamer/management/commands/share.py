"""`manage.py share NAME --hours 2`: a link with which somebody may watch one camera for a time."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.timezone import localtime

from streamer import conf, links
from streamer.errors import SettingsError
from streamer.management.site import add_url_option


class Command(BaseCommand):
    """Prints the link to standard output, and until when it is valid beside it."""

    help = "Print a link with which somebody may watch one camera for some hours."
    requires_system_checks = ()

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="the camera, as the settings name it")
        parser.add_argument(
            "--hours", type=float, required=True, help=f"how long, up to {links.MAX_HOURS}"
        )
        add_url_option(parser)

    def handle(self, *_: Any, **options: Any) -> None:
        name, hours = options["name"], options["hours"]
        try:
            cameras = conf.cameras(conf.load())
            link = links.for_hours(name, hours)
        except SettingsError as error:
            raise CommandError(str(error)) from None
        if not conf.SLUG.fullmatch(name):
            raise CommandError("Expected the name of a camera: letters, digits, - and _.")
        if name not in cameras:
            known = ", ".join(sorted(cameras)) or "none"
            self.stderr.write(
                f"The settings name no camera {name} (they name: {known}). The link holds where "
                "`serve --camera` names it."
            )
        self.stdout.write(options["url"] + link.path)
        self.stderr.write(f"Shows {name} until {localtime(link.until):%Y-%m-%d %H:%M %Z}.", str)
