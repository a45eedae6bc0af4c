"""What a spec names, and what it says of one that names nothing."""

import re
import subprocess
import sys
from importlib import import_module

import pytest

from streamer.errors import SettingsError
from streamer.sources import SOURCES, source
from streamer.sources.pattern import PatternSource
from streamer.types import FrameSource
from tests.server import ROOT

DOC = ROOT / "docs" / "cameras.md"


@pytest.mark.parametrize("spec", ["pattern:", " pattern: ", "PATTERN:"])
def test_the_scheme_names_the_kind(spec: str) -> None:
    assert type(source(spec)) is PatternSource


@pytest.mark.parametrize("path", sorted(set(SOURCES.values())))
def test_each_kind_is_a_source(path: str) -> None:
    module, _, name = path.rpartition(".")
    assert issubclass(getattr(import_module(module), name), FrameSource)


def test_each_kind_is_in_the_docs_with_examples_that_hold() -> None:
    _, _, sources = DOC.read_text().partition("## Sources")
    table = re.findall(r"^\| (`.*?) \|.*\| (.*) \|$", sources, re.MULTILINE)
    told = {name for names, _ in table for name in re.findall(r"`(.+?)`", names)}
    assert told == set(SOURCES)
    for names, examples in table:
        for example in re.findall(r"`(.+?)`", examples):
            made = source(example, {"PORCH_PASSWORD": "secret"})
            first = re.findall(r"`(.+?)`", names)[0]
            assert SOURCES[first].endswith(f".{type(made).__name__}")


@pytest.mark.parametrize(
    "spec", ["", "porch", "rtmp://ann:secret@host/", "rtsp//ann:secret@host/", "ann:secret@host"]
)
def test_one_that_names_nothing_is_refused_without_its_secrets(spec: str) -> None:
    with pytest.raises(SettingsError, match=r"There are: usb:, pi:, rtsp:, .*zmq\+sub:") as refused:
        source(spec)
    assert "secret" not in str(refused.value)


def test_variables_are_read_from_the_environment() -> None:
    made = source("rtsp://ann:${PORCH_PASSWORD}@host/$1", {"PORCH_PASSWORD": "se$cret"})
    assert vars(made)["_url"].geturl() == "rtsp://ann:se$cret@host/$1"


def test_a_variable_that_is_not_set_is_named() -> None:
    with pytest.raises(SettingsError, match="environment variable PORCH_PASSWORD") as refused:
        source("rtsp://ann:${PORCH_PASSWORD}@host/", {})
    assert "ann" not in str(refused.value)


def test_libraries_wait_until_they_are_needed() -> None:
    """The list of cameras is read at each start; their libraries take up to a second."""
    code = (
        "import sys, streamer.sources.pattern; print(*{'av', 'zmq', 'picamera2'} & {*sys.modules})"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert ran.stdout == "\n"
