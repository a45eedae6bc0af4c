"""The API of real servers, held against its own document."""

import json
from datetime import UTC, datetime, timedelta
from http.cookies import SimpleCookie
from itertools import islice
from typing import Any

import pytest

from streamer import links
from tests.server import RunningServer
from tests.settings import OWNER_TOKEN
from tests.watching import CAMERAS, OWNER, Answer, ask, eventually, link, opened, parts, told_of

TYPES: dict[str, Any] = {
    "string": str, "integer": int, "number": (int, float), "boolean": bool, "array": list,
    "object": dict, "null": type(None),
}  # fmt: skip


@pytest.fixture(scope="module")
def document(cameras: RunningServer) -> dict[str, Any]:
    answer = ask(cameras, "/api/openapi.json")
    assert answer.status == 200
    said: dict[str, Any] = answer.json
    return said


def fits(value: Any, schema: dict[str, Any], document: dict[str, Any]) -> bool:
    """Tell whether a value is as a schema says, with no property that it does not name."""
    if "$ref" in schema:
        start, *names = schema["$ref"].split("/")
        assert start == "#"
        target: Any = document
        for name in names:
            target = target[name]
        return fits(value, target, document)
    if "anyOf" in schema:
        return any(fits(value, each, document) for each in schema["anyOf"])
    kind = schema["type"]
    if not isinstance(value, TYPES[kind]) or (isinstance(value, bool) and kind != "boolean"):
        return False
    if kind == "array":
        rules = schema.get("prefixItems") or [schema["items"]] * len(value)
        return len(rules) == len(value) and all(map(fits, value, rules, [document] * len(value)))
    if kind == "object":
        named = schema.get("properties", {})
        others: Any = schema.get("additionalProperties")
        return set(schema.get("required", ())) <= set(value) and all(
            fits(each, named[name], document)
            if name in named
            else bool(others) and fits(each, others, document)
            for name, each in value.items()
        )
    return True


def checked(answer: Answer, document: dict[str, Any], path: str, method: str = "get") -> Any:
    """Return an answer as JSON, once it is seen to be one that the document describes."""
    described = document["paths"][path][method]["responses"][str(answer.status)]
    assert fits(answer.json, described["content"]["application/json"]["schema"], document)
    return answer.json


def make_link(
    server: RunningServer, body: Any = '{"hours": 2}', query: str = OWNER, **headers: str
) -> Answer:
    return ask(
        server, "/api/streams/one/links", query, "POST", body=body,
        headers={"Content-Type": "application/json"} | headers,
    )  # fmt: skip


LINKS = "/api/streams/{name}/links"


def test_the_document_is_whole(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    assert document["info"] == {"title": "VideoStream", "version": "1", "description": ""}
    assert set(document["paths"]) == {"/api/streams", LINKS}
    (name,) = document["paths"][LINKS]["post"]["parameters"]
    assert (name["name"], name["in"], name["required"]) == ("name", "path", True)
    fields = document["components"]["schemas"]["StreamOut"]["properties"]
    assert list(fields) == [
        "name", "kind", "state", "message", "viewers", "fps", "age_ms", "size", "seen",
    ]  # fmt: skip
    schemas = document["components"]["schemas"]
    for reference in set(_references(document)):
        assert reference.removeprefix("#/components/schemas/") in schemas


def _references(node: Any) -> list[str]:
    if isinstance(node, list):
        return [each for part in node for each in _references(part)]
    if isinstance(node, dict):
        own = [node["$ref"]] if "$ref" in node else []
        return own + [each for part in node.values() for each in _references(part)]
    return []


def test_what_fits_no_schema_is_seen() -> None:
    schema = {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}
    assert fits({"a": 1}, schema, {})
    misfits: list[Any] = [{}, {"a": True}, {"a": 1, "b": 2}, {"a": None}, []]
    for wrong in misfits:
        assert not fits(wrong, schema, {})


async def test_all_streams_are_told_in_order_and_how_they_are(
    cameras: RunningServer, document: dict[str, Any]
) -> None:
    await eventually(lambda: told_of(cameras, "two")["state"] == "closed")
    answer = ask(cameras, "/api/streams")
    streams = checked(answer, document, "/api/streams")["streams"]
    assert [each["name"] for each in streams] == list(CAMERAS)
    assert told_of(cameras, "two") == {
        "name": "two", "kind": "camera", "state": "closed", "message": "", "viewers": 0,
        "fps": 0.0, "age_ms": None, "size": None, "seen": None,
    }  # fmt: skip
    with opened(cameras, "/streams/two/mjpeg") as reply:
        assert len(list(islice(parts(reply), 20))) == 20
        answer = ask(cameras, "/api/streams", query="", headers=bearer(OWNER_TOKEN))
        checked(answer, document, "/api/streams")
        told = told_of(cameras, "two")
    assert (told["state"], told["viewers"], told["size"]) == ("live", 1, [640, 480])
    assert 3 < told["fps"] < 20
    assert 0 < told["age_ms"] < 1000
    assert list(told["seen"]) == ["motion"]
    assert isinstance(told["seen"]["motion"], bool)


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def test_who_has_a_link_is_told_of_its_stream_alone(
    cameras: RunningServer, document: dict[str, Any]
) -> None:
    streams = checked(ask(cameras, "/api/streams", link("two")), document, "/api/streams")
    assert [each["name"] for each in streams["streams"]] == ["two"]
    for query in ("", "token=wrong", link("two", seconds=-1)):
        answer = ask(cameras, "/api/streams", query)
        assert answer.status == 401
        checked(answer, document, "/api/streams")


def test_the_owner_makes_links_by_token(cameras: RunningServer, document: dict[str, Any]) -> None:
    by_header = make_link(cameras, query="", **bearer(OWNER_TOKEN))
    for answer in (by_header, make_link(cameras)):
        assert answer.status == 200
        made = checked(answer, document, LINKS, "post")
        until = datetime.fromisoformat(made["until"])
        assert timedelta(hours=1.9) < until - datetime.now(UTC) < timedelta(hours=2.1)
        path, key = made["url"].split("?key=")
        assert path == "/streams/one/"
        found = links.read(key.replace("%3A", ":"))
        assert found == links.Link("one", until)
        snapshot = ask(cameras, "/streams/one/snapshot.jpg", made["url"].partition("?")[2])
        assert snapshot.status == 200


def test_with_a_session_the_csrf_token_goes_along(
    cameras: RunningServer, document: dict[str, Any]
) -> None:
    cookies: SimpleCookie = SimpleCookie(ask(cameras, "/streams/").headers["set-cookie"])
    session = f"sessionid={cookies['sessionid'].value}"
    with opened(cameras, "/streams/", query="", headers={"Cookie": session}) as page:
        cookies.load(page.headers["set-cookie"])
    token = cookies["csrftoken"].value
    cookie = f"{session}; csrftoken={token}"
    answer = make_link(cameras, query="", Cookie=cookie, **{"X-CSRFToken": token})
    assert answer.status == 200
    for headers in ({}, {"X-CSRFToken": "x" * len(token)}, {"X-CSRFToken": ""}):
        answer = make_link(cameras, query="", Cookie=cookie, **headers)
        assert answer.status == 403
        assert "X-CSRFToken" in checked(answer, document, LINKS, "post")["detail"]
    foreign = {"X-CSRFToken": token, "Origin": "https://example.com"}
    assert make_link(cameras, query="", Cookie=cookie, **foreign).status == 403


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ('{"hours": 0}', "more than 0 and at most 8784"),
        ('{"hours": -1}', "more than 0"),
        ('{"hours": 8785}', "A link for 8785 hours"),
        ('{"hours": 1e400}', "hours"),
        ('{"hours": NaN}', "hours"),
        ('{"hours": "many"}', "hours: Input should be a valid number"),
        ("{}", "hours: Field required"),
        ("[]", "openapi.json"),
        ("{", "Cannot parse request body"),
        (b"\xff", "Cannot parse request body"),
    ],
)
def test_hours_that_cannot_be_are_refused_in_words(
    cameras: RunningServer, document: dict[str, Any], body: str, says: str
) -> None:
    answer = make_link(cameras, body)
    assert answer.status == 400
    assert says in checked(answer, document, LINKS, "post")["detail"]


def test_links_are_for_who_may_watch_all(cameras: RunningServer, document: dict[str, Any]) -> None:
    for query, status in (("", 401), ("token=wrong", 401), (link("one"), 403)):
        answer = make_link(cameras, query=query)
        assert answer.status == status
        checked(answer, document, LINKS, "post")
    for name in ("none", "One"):
        answer = ask(
            cameras, f"/api/streams/{name}/links", OWNER, "POST", body=json.dumps({"hours": 1})
        )
        assert (answer.status, answer.json) == (404, {"detail": "There is no such stream."})
