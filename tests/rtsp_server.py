"""A camera that speaks RTSP; run it by the system's Python, which has GStreamer.

    /usr/bin/python3 rtsp_server.py PORT CODEC [USER PASSWORD]
    /usr/bin/python3 rtsp_server.py --check

PORT 0 takes a free one. It prints the port, and goes on until it is killed.
"""

import sys

import gi  # type: ignore[import-not-found]

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtspServer  # type: ignore[import-not-found] # noqa: E402

CODECS = {
    "h264": "openh264enc gop-size=15 ! rtph264pay",
    "jpeg": "jpegenc ! rtpjpegpay",
}
PICTURES = (
    "videotestsrc is-live=true pattern=ball"
    " ! video/x-raw,format=I420,width=320,height=240,framerate=25/1"
)


def main(port: str, codec: str, *login: str) -> None:
    server = GstRtspServer.RTSPServer(service=port)
    factory = GstRtspServer.RTSPMediaFactory(shared=True)
    factory.set_launch(f"( {PICTURES} ! {CODECS[codec]} name=pay0 )")
    if login:
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth = GstRtspServer.RTSPAuth()
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(*login), token)
        server.set_auth(auth)
        permissions = GstRtspServer.RTSPPermissions()
        for permission in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role("viewer", permission, True)
        factory.set_permissions(permissions)
    server.get_mount_points().add_factory("/live", factory)
    if not server.attach(None):
        sys.exit(f"port {port} is taken")
    print(server.get_bound_port(), flush=True)  # noqa: T201
    GLib.MainLoop().run()


def check() -> None:
    """End with words where a part of GStreamer is missing."""
    for name in ("videotestsrc", "openh264enc", "rtph264pay", "jpegenc", "rtpjpegpay"):
        if not Gst.ElementFactory.find(name):
            sys.exit(f"GStreamer has no {name}")


Gst.init(None)
if sys.argv[1:] == ["--check"]:
    check()
else:
    main(*sys.argv[1:])
