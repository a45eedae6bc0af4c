"""What many tests need."""

from collections.abc import Iterator

import pytest

from tests.server import RunningServer, serve


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server with default settings, which tests of one session share."""
    with serve(tmp_path_factory.mktemp("server")) as running:
        yield running
        assert running.process.poll() is None, "the server went down"
        assert "Traceback" not in running.log
