"""The site's settings in a process of their own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import ROOT


def environment() -> dict[str, str]:
    """Return the environment without anything that the settings read."""
    ours = ("DJANGO_", "STREAMER_", "DATABASE_URL")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def read(expression: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Evaluate an expression about the settings with nothing but these variables."""
    return subprocess.run(
        [sys.executable, "-c", f"from VideoStream import settings as s; print(({expression}))"],
        cwd=ROOT, env=environment() | environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_what_is_not_said_is_safe() -> None:
    ran = read("s.DEBUG, s.ALLOWED_HOSTS")
    assert ran.stdout.strip() == "(False, ['localhost', '127.0.0.1', '[::1]'])"


@pytest.mark.parametrize(("text", "debug"), [("1", "True"), ("true", "True"), ("0", "False")])
def test_debug_is_on_only_where_it_is_said(text: str, debug: str) -> None:
    assert read("s.DEBUG", DJANGO_DEBUG=text).stdout.strip() == debug


@pytest.mark.parametrize("name", ["DJANGO_DEBUG", "DJANGO_HTTPS"])
def test_a_switch_that_is_neither_on_nor_off_is_an_error(name: str) -> None:
    ran = read("s.DEBUG", **{name: "maybe"})
    assert ran.returncode != 0
    assert f"{name} is 'maybe'. Expected 1, 0, true or false." in ran.stderr


def test_a_short_token_is_an_error() -> None:
    ran = read("s.OWNER_TOKEN", DJANGO_OWNER_TOKEN="short")  # noqa: S106
    assert ran.returncode != 0
    assert "DJANGO_OWNER_TOKEN has 5 characters. Expected 22 or more, made at random" in ran.stderr


@pytest.mark.parametrize(
    ("command", "lines"),
    [
        (["manage.py", "serve"], 1),
        (["manage.py", "check"], 1),
        (["-m", "gunicorn", "-c", "deploy/gunicorn.py", "VideoStream.asgi:application"], 2),
    ],
    ids=["serve", "check", "gunicorn"],
)
def test_settings_that_cannot_be_used_are_told_in_a_line(command: list[str], lines: int) -> None:
    ran = subprocess.run(
        [sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False,
        env=environment() | {"DJANGO_OWNER_TOKEN": "short", "BIND": "127.0.0.1:0"},
    )  # fmt: skip
    assert ran.returncode == 1
    *_, last = told = ran.stderr.splitlines()
    assert len(told) == lines, "gunicorn tells of its start before"
    assert "DJANGO_OWNER_TOKEN has 5 characters. Expected 22 or more, made at random" in last


def test_a_trusted_https_origin_makes_all_https() -> None:
    expression = "s.SECURE_SSL_REDIRECT, s.SESSION_COOKIE_SECURE, s.SECURE_PROXY_SSL_HEADER"
    ran = read(expression, DJANGO_CSRF_TRUSTED_ORIGINS="https://cam.example.org")
    assert ran.stdout.strip() == "(True, True, ('HTTP_X_FORWARDED_PROTO', 'https'))"
    assert read(expression).stdout.strip() == "(False, False, None)"


def test_a_fresh_folder_of_any_name_has_its_database_inside(tmp_path: Path) -> None:
    folder = tmp_path / "My Project #1 50%"
    for part in ("VideoStream", "streamer"):
        shutil.copytree(ROOT / part, folder / part)
    for part in ("static", "node_modules/uplot/dist"):
        (folder / part).mkdir(parents=True)
    shutil.copy(ROOT / "manage.py", folder)
    ran = subprocess.run(
        [sys.executable, "-W", "error", "manage.py", "migrate"],
        cwd=folder, env=environment() | {"DJANGO_SECRET_KEY": "given"}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert (folder / "var/db.sqlite3").stat().st_size > 0
    # The key was given, the token was not.
    assert {each.name for each in (folder / "var").iterdir()} == {"db.sqlite3", "owner_token"}
    assert [each.name for each in tmp_path.iterdir()] == [folder.name]
