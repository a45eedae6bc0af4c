"""Settings from Python and from the environment."""

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


def test_variables_that_are_no_settings_are_named() -> None:
    environ = {"STREAMER_NOPE": "1", "STREAMER_DETECTORS": "x", "STREAMER_WINDOW": "3", "HOME": "/"}
    assert conf.unknown_variables(environ) == ["STREAMER_DETECTORS", "STREAMER_NOPE"]
