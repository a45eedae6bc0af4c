"""The virtual environment of a fresh machine, and what is said where it cannot be made."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.server import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="make and sh are not used on Windows")


def make_venv(python: str, folder: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["/bin/sh", str(ROOT / "scripts/make-venv"), python, str(folder)],
        env=os.environ | environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def fake_python(folder: Path, fails_on: str) -> str:
    """Write a fake: this Python, but code that has `fails_on` in it fails."""
    file = folder / "fake-python"
    file.write_text(
        f'#!/bin/sh\ncase "$2" in *"{fails_on}"*) exit 1;; esac\nexec {sys.executable} "$@"\n'
    )
    file.chmod(0o755)
    return str(file)


@pytest.mark.parametrize(("has_picamera2", "sees_system"), [(False, "false"), (True, "true")])
def test_the_pis_camera_library_is_seen_where_the_system_has_it(
    tmp_path: Path, has_picamera2: bool, sees_system: str
) -> None:
    if has_picamera2:
        (tmp_path / "picamera2.py").touch()  # a fake: the real one is on a Pi only
    ran = make_venv(sys.executable, tmp_path / "venv", PYTHONPATH=str(tmp_path))
    assert ran.returncode == 0, ran.stderr
    written = (tmp_path / "venv/pyvenv.cfg").read_text()
    assert f"include-system-site-packages = {sees_system}" in written
    assert (tmp_path / "venv/bin/pip").exists()


@pytest.mark.parametrize(
    ("fails_on", "says"),
    [("ensurepip", "sudo apt-get install python3."), ("version_info < ", "needs Python 3.11")],
)
def test_what_python_lacks_is_said_with_the_remedy(
    tmp_path: Path, fails_on: str, says: str
) -> None:
    ran = make_venv(fake_python(tmp_path, fails_on), tmp_path / "venv")
    assert ran.returncode != 0
    assert says in ran.stderr
    assert not (tmp_path / "venv").exists()


def test_a_python_that_is_not_there_is_said(tmp_path: Path) -> None:
    ran = make_venv("no-such-python", tmp_path / "venv")
    assert ran.returncode != 0
    assert "There is no no-such-python" in ran.stderr
