"""What many tests need."""

import logging
from collections.abc import Iterator

import pytest

from streamer import pipeline, session
from streamer.occasional import OccasionalLog
from streamer.pool import Pool
from streamer.servers import SERVERS
from tests.cameras import SECONDS, Device
from tests.hang import Deadline, Hang
from tests.server import ROOT, RunningServer, serve
from tests.watching import ENVIRON


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what needs a server on each; in a browser, on the default one."""
    if "server_name" in metafunc.fixturenames:
        in_browser = metafunc.definition.path.is_relative_to(ROOT / "tests" / "browser")
        names = ["daphne"] if in_browser else list(SERVERS)
        metafunc.parametrize("server_name", names, scope="session")


@pytest.fixture(scope="session")
def server(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server with default settings, which tests of one session share."""
    with serve(tmp_path_factory.mktemp(server_name), "--server", server_name) as running:
        yield running
        assert running.process.poll() is None, "the server went down"
        assert "Traceback" not in running.log


@pytest.fixture(scope="session")
def cameras(server_name: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    """Return a server with the cameras of `tests.watching`, which tests of one session share."""
    folder = tmp_path_factory.mktemp(f"cameras-{server_name}")
    with serve(folder, "--server", server_name, **ENVIRON) as running:
        yield running
        assert running.process.poll() is None, "the server went down"
        assert "Traceback" not in running.log


@pytest.fixture
def pool() -> Iterator[Pool]:
    """Return a pool of one thread."""
    pool = Pool(1)
    yield pool
    pool.shutdown()


@pytest.fixture
def deadline() -> Iterator[Deadline]:
    """Return a pool that gives up what hangs when it is told to: more may hang than a test has."""
    deadline = Deadline(8)
    yield deadline
    # What hung is let go of by now, and must not go on beside the next test.
    assert deadline.pool._workers.shutdown(SECONDS)


@pytest.fixture
def hang(deadline: Deadline) -> Iterator[Hang]:  # noqa: ARG001, which ends after it
    """Return work for that pool, which hangs until the test is over."""
    hang = Hang()
    yield hang
    hang.opened.set()


@pytest.fixture
def untold(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have troubles logged that other tests have had a moment ago."""
    for module in (pipeline, session):
        monkeypatch.setattr(module, "troubles", OccasionalLog(logging.getLogger("streamer")))


@pytest.fixture
def device() -> Iterator[Device]:
    """Return the device of a fake camera."""
    device = Device()
    yield device
    assert device.closed == device.opened
