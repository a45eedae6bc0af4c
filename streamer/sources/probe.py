"""Asks whether a server on the net is there, without opening a stream."""

from __future__ import annotations

import socket
import ssl
import time
from urllib.parse import SplitResult

TIMEOUT = 1.0
"""Seconds in all."""

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
LONGEST_LINE = 1024


def replies(url: SplitResult) -> bool:
    """Tell whether a server says anything of its protocol, RTSP or HTTP, within a second.

    No credentials are sent: one that asks for them is there. One that is stopped takes connections,
    as the system does that for it, but says nothing.
    """
    name, port = url.hostname or "", url.port or PORTS[url.scheme]
    is_encrypted = url.scheme.endswith("s")
    if url.scheme.startswith("rtsp"):
        # The star stands for the server as a whole (RFC 2326, 10.1).
        return _says(name, port, b"RTSP/", b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n", is_encrypted)
    host = f"[{name}]" if ":" in name else name
    request = f"HEAD {url.path or '/'} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
    return _says(name, port, b"HTTP/", request.encode(), is_encrypted)


def greets(name: str, port: int, greeting: bytes) -> bool:
    """Tell whether a server begins with these bytes within a second."""
    return _says(name, port, greeting)


def _says(
    name: str, port: int, reply: bytes, request: bytes = b"", is_encrypted: bool = False
) -> bool:
    deadline = time.monotonic() + TIMEOUT
    try:
        with (
            socket.create_connection((name, port), TIMEOUT) as plain,
            _wrapped(plain, name, is_encrypted, deadline) as connection,
        ):
            connection.sendall(request)
            return _first_bytes(connection, len(reply), deadline) == reply
    except (OSError, UnicodeError):
        return False


def _wrapped(plain: socket.socket, name: str, is_encrypted: bool, deadline: float) -> socket.socket:
    """Return the connection, encrypted where that is asked for.

    Certificates are not checked, as FFmpeg does not either: hardly a camera has one that could be.
    Nothing secret is sent.
    """
    plain.settimeout(_left(deadline))
    if not is_encrypted:
        return plain
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context.wrap_socket(plain, server_hostname=name)


def _first_bytes(connection: socket.socket, count: int, deadline: float) -> bytes:
    """Return the first bytes that come, fewer where the connection ends."""
    came = b""
    while len(came) < count:
        connection.settimeout(_left(deadline))
        more = connection.recv(count - len(came))
        if not more:
            break
        came += more
    return came


def _left(deadline: float) -> float:
    return max(deadline - time.monotonic(), 0.001)
