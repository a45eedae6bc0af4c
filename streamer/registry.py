"""All streams of a process, by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence

from streamer.relay import Relay
from streamer.stream import Stream


class Registry:
    """The cameras, in the order of the settings, and the webcams that are shared."""

    def __init__(self, relays: Sequence[Relay] = ()) -> None:
        self._relays = relays
        self._streams = {relay.stream.name: relay.stream for relay in relays}
        self._started = False

    def __iter__(self) -> Iterator[Stream]:
        return iter(list(self._streams.values()))

    def get(self, name: str) -> Stream | None:
        """Return the stream of this name, None where there is none."""
        return self._streams.get(name)

    @property
    def first_camera(self) -> Stream | None:
        return self._relays[0].stream if self._relays else None

    def add(self, stream: Stream) -> None:
        """Add a webcam that is shared; ValueError where its name is another's."""
        if stream.name in self._streams:
            raise ValueError(f"there is a stream named {stream.name} already")
        self._streams[stream.name] = stream

    def remove(self, stream: Stream) -> None:
        """Take a webcam out that is not shared any more."""
        del self._streams[stream.name]

    def start(self) -> None:
        """Begin what goes on without viewers, once; on the event loop."""
        if not self._started:
            self._started = True
            for relay in self._relays:
                relay.start()

    async def stop(self) -> None:
        """Close all cameras."""
        await asyncio.gather(*(relay.stop() for relay in self._relays))
