"""A camera that sends by a real imagezmq.ImageSender, until it is killed.

    python -m tests.zmq_sender ADDRESS NAME [push|publish]

It prints a line once its first frame has been sent.
"""

import sys
import time
from itertools import count

import imagezmq  # type: ignore[import-untyped]

from streamer.codec import encode
from tests import clips


def main(address: str, name: str, how: str = "push") -> None:
    sender = imagezmq.ImageSender(address, REQ_REP=how == "push")
    for number in count():
        sender.send_jpg(name, encode(clips.picture(number % 31), 90))
        if number == 0:
            print("sending", flush=True)  # noqa: T201
        time.sleep(0.02)


if __name__ == "__main__":
    main(*sys.argv[1:])
