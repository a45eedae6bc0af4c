"""`manage.py link` and `manage.py share`, as somebody runs them."""

import os
import re
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

import pytest

from streamer import links
from tests.server import ROOT
from tests.settings import OWNER_TOKEN

CAMERAS = '{"porch": "pattern:", "yard": {"source": "rtsp://ann:secret@10.0.0.5/"}}'


def manage(*command: str, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *command],
        cwd=ROOT, env={**os.environ, **environ}, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_link_prints_the_owners_link_and_nothing_else() -> None:
    ran = manage("link")
    assert (ran.stdout, ran.stderr) == (f"http://127.0.0.1:8000/?token={OWNER_TOKEN}\n", "")


def test_link_is_to_where_the_site_is() -> None:
    base = "https://cam.example.org"
    link = f"{base}/?token={OWNER_TOKEN}\n"
    assert manage("link", "--url", f"{base}/").stdout == link
    origins = f"http://other.example,https://*.example.com,{base},https://last.example"
    assert manage("link", DJANGO_CSRF_TRUSTED_ORIGINS=origins).stdout == link


@pytest.mark.parametrize("url", ["cam.example.org", "ftp://x/", "https://", "https://x/?a=1"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    ran = manage("link", "--url", url)
    assert ran.returncode != 0
    assert f"expected an address such as https://cam.example.org, came {url}" in ran.stderr


def test_share_prints_a_link_that_holds_for_its_hours() -> None:
    ran = manage("share", "porch", "--hours", "1.5", STREAMER_CAMERAS=CAMERAS)
    match = re.fullmatch(r"http://127\.0\.0\.1:8000/streams/porch/\?key=(\S+)\n", ran.stdout)
    assert match, ran
    link = links.read(unquote(match[1]))
    assert link
    assert link.stream == "porch"
    assert abs(link.until - datetime.now(UTC) - timedelta(hours=1.5)) < timedelta(minutes=1)
    assert ran.stderr.startswith("Shows porch until 20")


def test_share_takes_a_camera_that_only_serve_names_and_says_so() -> None:
    ran = manage("share", "barn", "--hours", "2", STREAMER_CAMERAS=CAMERAS)
    assert "/streams/barn/?key=" in ran.stdout
    assert "The settings name no camera barn (they name: porch, yard)." in ran.stderr


@pytest.mark.parametrize(
    ("command", "says"),
    [
        (["my barn", "--hours", "2"], "Expected the name of a camera: letters, digits, - and _."),
        (["porch", "--hours", "0"], "A link for 0 hours. Expected more than 0 and at most 8784"),
        (["porch", "--hours", "nan"], "A link for nan hours. Expected more than 0"),
        (["porch", "--hours", "9000"], "A link for 9000 hours. Expected more than 0"),
        (["porch"], "the following arguments are required: --hours"),
    ],
)
def test_share_says_what_it_cannot_share(command: list[str], says: str) -> None:
    ran = manage("share", *command, STREAMER_CAMERAS=CAMERAS)
    assert ran.returncode != 0
    assert says in ran.stderr
    assert "secret" not in ran.stdout + ran.stderr
    assert "Traceback" not in ran.stderr
