"""A camera that agrees to all that RTSP asks for, and then sends nothing."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

SDP = (
    "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=mute\r\nt=0 0\r\n"
    "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\na=control:video\r\n"
)
HEADERS = {
    "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
    "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(SDP)}\r\n",
    "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
    "PLAY": "Session: 1\r\n",
}


class Handler(socketserver.StreamRequestHandler):
    """Answers each request with 200."""

    def handle(self) -> None:
        with suppress(ConnectionResetError):  # who asks may leave
            self.agree()

    def agree(self) -> None:
        method, number = "", ""
        for line in map(bytes.decode, self.rfile):
            if line.endswith("RTSP/1.0\r\n"):
                method = line.partition(" ")[0]
            elif line.startswith("CSeq:"):
                number = line
            elif line == "\r\n":
                body = SDP if method == "DESCRIBE" else ""
                reply = f"RTSP/1.0 200 OK\r\n{number}{HEADERS.get(method, '')}\r\n{body}"
                self.wfile.write(reply.encode())


@contextmanager
def serve() -> Iterator[int]:
    """Run one in a thread; yield its port."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()
        thread.join()
