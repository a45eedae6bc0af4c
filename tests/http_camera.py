"""A camera that speaks HTTP: MJPEG, clips, and every way to refuse."""

from __future__ import annotations

import base64
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from streamer.codec import encode
from tests import clips

FPS = 50


class Handler(BaseHTTPRequestHandler):
    """Answers with what the path asks for."""

    protocol_version = "HTTP/1.1"
    server: HttpCamera

    def do_GET(self) -> None:
        path, _, status = self.path.partition("/status/")
        if status:
            self.answer(int(status), b"", "text/plain")
        elif path == "/secret" and self.headers.get("Authorization") != self.server.login:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="camera"')
            self.send_header("Content-Length", "0")
            self.end_headers()
        elif path in ("/mjpeg", "/secret"):
            self.mjpeg()
        elif (file := self.server.folder / path[1:]).is_file():
            self.answer(200, file.read_bytes(), "application/octet-stream")
        else:
            self.answer(200, b"<h1>A page, and no video</h1>" * 99, "text/html")

    def answer(self, status: int, body: bytes, kind: str) -> None:
        self.server.answered.append(self.path)
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def mjpeg(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=frame")
        self.end_headers()
        for number in range(31):
            jpeg = encode(clips.picture(number), 90)
            head = f"--frame\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
            try:
                self.wfile.write(head.encode() + jpeg + b"\r\n")
            except OSError:  # the viewer is gone
                break
            time.sleep(1 / FPS)
        self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002, its name there
        pass


class HttpCamera(ThreadingHTTPServer):
    """Serves on a free port; user ann, password p@ss/word where one is asked for."""

    daemon_threads = True
    login = "Basic " + base64.b64encode(b"ann:p@ss/word").decode()

    def __init__(self, folder: Path) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder = folder
        self.answered: list[str] = []

    def url(self, path: str, login: str = "") -> str:
        scheme = "https" if isinstance(self.socket, ssl.SSLSocket) else "http"
        return f"{scheme}://{login}127.0.0.1:{self.server_port}{path}"


@contextmanager
def serve(folder: Path, tls: ssl.SSLContext | None = None) -> Iterator[HttpCamera]:
    """Run one in a thread, encrypted where `tls` says how; it has the files of a folder."""
    with HttpCamera(folder) as camera:
        if tls:
            camera.socket = tls.wrap_socket(camera.socket, server_side=True)
        thread = threading.Thread(target=camera.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield camera
        finally:
            camera.shutdown()
            thread.join()
