"""The key and the token that are made where none is given."""

import os
import re
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from VideoStream.secret import SHORTEST, owner_token, secret_key, strong


def test_it_is_made_once_and_read_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secret_key"
    key = secret_key(file)
    assert len(key) >= 50
    assert secret_key(file) == key


def test_a_token_is_made_the_same_way_and_stands_in_a_url_as_it_is(tmp_path: Path) -> None:
    token = owner_token(tmp_path / "owner_token")
    assert re.fullmatch(r"[-\w]{43}", token)
    assert owner_token(tmp_path / "owner_token") == token == strong("X", token)


def test_what_an_editor_leaves_behind_a_secret_is_not_part_of_it(tmp_path: Path) -> None:
    file = tmp_path / "owner_token"
    file.write_text("a-token\n")
    assert owner_token(file) == "a-token"


def test_a_token_that_can_be_guessed_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match=r"X has 6 characters\. Expected 22 or more"):
        strong("X", "secret")
    assert strong("X", "x" * SHORTEST)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_only_its_owner_may_read_it(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    secret_key(file)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [each.name for each in tmp_path.iterdir()] == ["secret_key"]


def test_who_starts_at_the_same_time_has_the_same_key(tmp_path: Path) -> None:
    for number in range(20):
        file = tmp_path / str(number)
        with ThreadPoolExecutor(4) as pool:
            keys = set(pool.map(secret_key, [file] * 4))
        assert len(keys) == 1


def test_another_place_has_another_key(tmp_path: Path) -> None:
    assert secret_key(tmp_path / "one") != secret_key(tmp_path / "other")


def test_an_empty_key_is_no_key(tmp_path: Path) -> None:
    file = tmp_path / "secret_key"
    file.touch()
    with pytest.raises(ImproperlyConfigured, match="is empty"):
        secret_key(file)
