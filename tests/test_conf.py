"""Settings from Python and from the environment."""

from pathlib import Path
from typing import Any

import pytest
from pytest_django.fixtures import Settings

from streamer import conf
from streamer.errors import SettingsError


def test_the_defaults_are_used_where_nothing_is_given() -> None:
    assert conf.load({}) == conf.Conf()


def test_python_sets_and_the_environment_wins(settings: Settings) -> None:
    settings.STREAMER = {"WINDOW": 3, "MAX_FPS": 12}
    loaded = conf.load({"STREAMER_WINDOW": "5", "OTHER": "x"})
    assert (loaded.WINDOW, loaded.MAX_FPS) == (5, 12)


def test_detectors_are_paths_or_pairs_with_options(settings: Settings) -> None:
    settings.STREAMER = {"DETECTORS": ["a.B", ["a.C", {"threshold": 9}]]}
    assert conf.load({}).DETECTORS == ("a.B", ("a.C", {"threshold": 9}))


def test_the_environment_names_no_code() -> None:
    assert conf.load({"STREAMER_DETECTORS": "os.system"}).DETECTORS == conf.Conf().DETECTORS


@pytest.mark.parametrize(
    ("given", "environ", "says"),
    [
        ({"WINDOW": 0}, {}, r'STREAMER\["WINDOW"\] is 0. Expected `int` >= 1'),
        ({}, {"STREAMER_WINDOW": "two"}, "STREAMER_WINDOW is 'two'. Expected `int`"),
        ({"COLOUR": 1}, {}, "no setting COLOUR. It has: DETECTORS"),
        ({"DETECTORS": [5]}, {}, "DETECTORS"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named_with_what_came(
    settings: Settings, given: dict[str, Any], environ: dict[str, str], says: str
) -> None:
    settings.STREAMER = given
    with pytest.raises(SettingsError, match=says):
        conf.load(environ)


def test_a_token_that_can_be_guessed_is_refused_and_not_repeated() -> None:
    with pytest.raises(SettingsError, match=r"has 6 characters\. Expected 22 or more") as told:
        conf.load({"STREAMER_METRICS_TOKEN": "secret"})
    assert "secret" not in str(told.value)
    assert not conf.load({"STREAMER_METRICS_TOKEN": ""}).METRICS_TOKEN


def test_variables_that_are_no_settings_are_named() -> None:
    environ = {"STREAMER_NOPE": "1", "STREAMER_DETECTORS": "x", "STREAMER_WINDOW": "3", "HOME": "/"}
    assert conf.unknown_variables(environ) == ["STREAMER_DETECTORS", "STREAMER_NOPE"]


SPEC = "rtsp://ann:secret@10.0.0.5/"


def test_a_camera_is_a_spec_or_a_spec_with_options(settings: Settings) -> None:
    settings.STREAMER = {"CAMERAS": {"porch": SPEC, "desk": {"source": "usb:0", "fps": 5}}}
    assert conf.cameras(conf.load({})) == {
        "porch": conf.Camera(SPEC, detectors=("motion",)),
        "desk": conf.Camera("usb:0", fps=5),
    }


def test_cameras_come_as_json_and_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "cameras.json"
    file.write_text('{"porch": "usb:1", "desk": {"source": "usb:2", "detectors": []}}')
    loaded = conf.load(
        {"STREAMER_CAMERAS": '{"porch":"usb:9"}', "STREAMER_CAMERAS_FILE": str(file)}
    )
    assert conf.cameras(loaded) == {
        "porch": conf.Camera("usb:9"),
        "desk": conf.Camera("usb:2", detectors=()),
    }


@pytest.mark.parametrize(
    ("cameras", "says"),
    [
        ('{"a b": "usb:0"}', "expected 1 to 50 letters, digits, - and _ as the name of camera 1"),
        (f'{{"a": "{SPEC}", "a": "usb:0"}}', "A name is there twice"),
        ('{"b": "usb:0", "a": 5}', "a cannot be used. Expected `str | object`, got `int`"),
        ('{"a": {"source": "http://host/?user=ann&pwd=secret"}, "b": 5}', "b cannot be used"),
        (f'{{"a": {{"source": "{SPEC}", "width": 0}}}}', r"Expected `int` >= 16 .*\.width"),
        (f'{{"a": {{"source": "{SPEC}", "colour": 0}}}}', "unknown field `colour`"),
        (f'{{"a": "{SPEC}"', "STREAMER_CAMERAS is no JSON such as .*line 1"),
        ('["usb:0"]', "expected cameras by name, such as"),
    ],
)
def test_a_camera_that_cannot_be_used_is_told_without_its_password(cameras: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says) as told:
        conf.load({"STREAMER_CAMERAS": cameras})
    assert "secret" not in str(told.value)


def test_a_file_of_cameras_may_begin_as_some_editors_have_it(tmp_path: Path) -> None:
    file = tmp_path / "cameras.json"
    file.write_text('{"porch": "usb:1"}', encoding="utf-8-sig")
    loaded = conf.load({"STREAMER_CAMERAS": "", "STREAMER_CAMERAS_FILE": str(file)})
    assert conf.cameras(loaded) == {"porch": conf.Camera("usb:1")}


def test_a_file_of_cameras_that_is_missing_is_named(tmp_path: Path) -> None:
    environ = {"STREAMER_CAMERAS_FILE": str(tmp_path / "none.json")}
    with pytest.raises(SettingsError, match=r"CAMERAS_FILE cannot be read: .*none\.json"):
        conf.cameras(conf.load(environ))


def test_a_camera_is_shown_without_its_password() -> None:
    assert "secret" not in repr(conf.Conf(CAMERAS={"porch": conf.Camera(SPEC)}))
