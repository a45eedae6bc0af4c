"""The product's own settings, and a server that waits for its clients as long as a test does."""

from streamer.servers import peer, refusal
from VideoStream.settings import *  # noqa: F403

REQUEST_SECONDS = 2
PING_SECONDS = PONG_SECONDS = 1

refusal.REQUEST_SECONDS = REQUEST_SECONDS
peer.PING_SECONDS, peer.PONG_SECONDS = PING_SECONDS, PONG_SECONDS
