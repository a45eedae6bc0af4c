"""What is too much for a request's body, on each real server."""

from contextlib import suppress
from http.client import HTTPConnection

import pytest

from streamer.servers.body import MAX_BODY_BYTES
from tests.server import RunningServer
from tests.test_servers import MIB, raw


@pytest.mark.parametrize(
    ("begins", "status"),
    [
        (b"Content-Length: 50000000\r\n\r\n", b"413"),
        (b"Transfer-Encoding: chunked\r\n\r\n12000\r\n", b"411"),  # its length has to be told
    ],
    ids=["told", "chunked"],
)
def test_a_body_that_nobody_would_send_is_refused_before_it_is_there(
    server: RunningServer, begins: bytes, status: bytes
) -> None:
    got = b""
    body = b"x" * (MAX_BODY_BYTES + 1)
    request = b"POST /login/ HTTP/1.1\r\nHost: 127.0.0.1\r\n" + begins + body
    with raw(server, request) as client, suppress(ConnectionResetError):
        while more := client.recv(MIB):
            got += more
    assert got.startswith(b"HTTP/1.1 " + status)


def test_a_page_may_be_asked_for_with_a_small_body(server: RunningServer) -> None:
    client = HTTPConnection("127.0.0.1", server.port, timeout=10)
    client.request("POST", "/login/", "x" * MAX_BODY_BYTES)
    assert client.getresponse().status == 403  # Django has read it, and misses the CSRF token
    client.close()
