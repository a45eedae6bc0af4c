"""The key that is made where none is given."""

import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from VideoStream.secret import secret_key


def test_it_is_made_once_and_read_from_then_on(tmp_path: Path) -> None:
    file = tmp_path / "var" / "secret_key"
    key = secret_key(file)
    assert len(key) >= 50
    assert secret_key(file) == key


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
