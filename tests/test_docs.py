"""The docs tell the truth of today."""

import re
from typing import Any, get_args

import msgspec
import numpy as np
import pytest
from django.urls import URLPattern

from streamer import conf, metrics, urls, wire
from streamer.api import api
from streamer.codec import ArrayFrame
from streamer.errors import Code
from streamer.types import Box, Detections, Detector, Labelled, State
from tests.server import ROOT

DOCS = {file.name: file.read_text() for file in (ROOT / "docs").glob("*.md")}
README = (ROOT / "README.md").read_text()


def rows(text: str) -> dict[str, str]:
    """Return the rows of all tables: first cell without its code marks, and the second."""
    cells = re.findall(r"^\| `?([^|`]+)`? \| (.*?) \|", text, re.MULTILINE)
    return {name.strip(): value.strip() for name, value in cells}


def code(text: str, containing: str) -> str:
    """Return the one block of code that has this in it."""
    (block,) = [
        block for block in re.findall(r"```\w*\n(.*?)```", text, re.DOTALL) if containing in block
    ]
    return str(block)


@pytest.mark.parametrize("name", conf.Conf.__struct_fields__)
def test_each_setting_is_described_with_its_default(name: str) -> None:
    described = rows(DOCS["settings.md"])
    assert name in described
    if name not in {"DETECTORS", "CAMERAS", "CAMERAS_FILE", "WORKERS", "METRICS_TOKEN"}:
        assert described[name] == str(getattr(conf.Conf(), name))


def test_no_setting_is_described_that_is_not_there() -> None:
    _, ours = DOCS["settings.md"].split("## VideoStream")
    assert set(rows(ours)) - {"name", "---"} == set(conf.Conf.__struct_fields__)


def test_each_variable_of_the_site_is_described() -> None:
    source = (ROOT / "VideoStream/settings.py").read_text()
    read = set(re.findall(r'(?:env\.\w+|flag)\(\s*"(\w+)"', source))
    assert {"DJANGO_DEBUG", "DJANGO_ALLOWED_HOSTS", "DATABASE_URL"} <= read
    assert read <= set(rows(DOCS["settings.md"]))


@pytest.mark.parametrize("code", Code)
def test_each_code_is_described(code: Code) -> None:
    assert str(code.value) in rows(DOCS["protocol.md"])


@pytest.mark.parametrize(
    "message",
    [
        wire.Hello,
        wire.ErrorMessage,
        wire.ResultMessage,
        wire.Settings,
        wire.Pace,
        wire.Shared,
        wire.Unshared,
        wire.StateMessage,
        wire.FrameMessage,
        *get_args(wire.WebcamMessage),
        *get_args(wire.WatchMessage),
    ],
)
def test_each_message_and_its_fields_are_described(message: type[msgspec.Struct]) -> None:
    tag = str(message.__struct_config__.tag)
    assert f"**{tag}**" in DOCS["protocol.md"]
    for field in message.__struct_fields__:
        assert re.search(rf"[\"`]{field}[\"`]", DOCS["protocol.md"]), field


def test_each_metric_is_described() -> None:
    told = {family.name for family in metrics.registry.collect()}
    ours = {name for name in told if name.startswith("videostream_")}
    described = set(rows(DOCS["reliability.md"]))
    assert len(ours) > 10
    for name in ours:
        assert {name, f"{name}_total"} & described, name


@pytest.mark.parametrize("name", conf.Conf.__struct_fields__)
def test_each_limit_says_what_happens_beyond_it(name: str) -> None:
    if re.match("MAX_|.*_TIMEOUT|.*_DEADLINE|.*_LIFETIME|.*_PER_MINUTE", name):
        assert f"`{name}`" in DOCS["reliability.md"]


@pytest.mark.parametrize("state", State)
def test_each_state_is_described(state: State) -> None:
    assert state.value in rows(DOCS["protocol.md"])


def test_each_address_is_described() -> None:
    pages = {"webcam", "streams", "stream"}
    named = {
        str(each.pattern).replace("<slug:name>", "NAME")
        for each in urls.urlpatterns
        if isinstance(each, URLPattern) and each.name not in pages
    }
    assert "video_feed" in named
    called = {path.replace("{name}", "NAME") for path in api.get_openapi_schema()["paths"]}
    assert {f"/{path}" for path in named} | called <= set(rows(DOCS["protocol.md"]))


def test_each_reply_form_is_described() -> None:
    assert set(get_args(wire.Reply)) <= set(rows(DOCS["protocol.md"]))


def test_the_detector_in_ten_lines_works() -> None:
    source = code(DOCS["detectors.md"], "class RedDetector")
    assert len([line for line in source.splitlines() if line.strip()]) <= 10
    namespace: dict[str, Any] = {}
    exec(source, namespace)  # noqa: S102, it is what a reader would do
    detector: Detector = namespace["RedDetector"]()
    image = np.full((480, 640, 3), 128, np.uint8)
    image[300:360, 20:90] = (10, 10, 250)
    found = detector.detect(ArrayFrame(image), Detections((640, 480))).findings["red"]
    assert found.boxes == [Labelled(Box(20, 300, 70, 60), "red")]


def test_each_builtin_detector_is_described() -> None:
    for path in conf.Conf().DETECTORS:
        assert f"`{path}`" in DOCS["detectors.md"]


@pytest.mark.parametrize("text", [README, *DOCS.values()], ids=["README.md", *DOCS])
def test_links_lead_to_files(text: str) -> None:
    for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", text):
        assert any((folder / target).exists() for folder in (ROOT, ROOT / "docs")), target
