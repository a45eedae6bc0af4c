"""A webcam that its owner shares."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from django.core import signing

from streamer import links, wire
from streamer.dialects import Message
from streamer.registry import Registry
from streamer.stream import NOTICE_SECONDS, Stream
from streamer.types import Detections, PictureForm, State

HOURS = 12
"""How long the link of a shared webcam holds, at most: it ends with the sharing."""

SALT = "streamer.sharing"
"""What resumes a sharing is signed for that alone: who has its link cannot take its place."""

SILENCE_SECONDS = 5.0
"""How long no picture may come before the webcam is called frozen, as a camera is."""


class SharedStream(Stream):
    """The stream of a webcam: live while its page sends pictures."""

    def __init__(self, name: str, let_go: Callable[[], None]) -> None:
        """Begin. `let_go` has who shares it do so no longer."""
        super().__init__(name, "webcam")
        self.let_go = let_go
        self._expect()

    def _expect(self) -> None:
        loop = asyncio.get_running_loop()
        trouble = "The webcam sends no pictures. Waiting for them."
        self._silence = loop.call_later(SILENCE_SECONDS, self.tell, State.FROZEN, trouble)
        if self.status.state is not State.LIVE:
            self.tell(State.LIVE)

    def publish(
        self, taken: float, detections: Detections, jpegs: Mapping[PictureForm, bytes]
    ) -> None:
        self._silence.cancel()
        self._expect()
        super().publish(taken, detections, jpegs)

    def end(self) -> None:
        """Tell who watches that it is over."""
        self._silence.cancel()
        self.tell(State.ENDED, "The webcam is not shared any more.")


class Sharing:
    """Holds the stream of one webcam among those of the process, from Share to Unshare."""

    def __init__(self, registry: Registry, resume: str | None, let_go: Callable[[], None]) -> None:
        """Share under a new name; or, as `resume` has it, under the one from before. `let_go` is
        called when the same webcam is shared anew elsewhere: it must end this."""
        self._registry = registry
        self._link = _resumed(registry, resume) or links.for_hours(_new_name(), HOURS)
        self._resume = signing.dumps(self._link.key, salt=SALT)
        self.stream = SharedStream(self._link.stream, let_go)
        self._changed = asyncio.Event()
        self.stream.on_viewers = self._changed.set
        registry.add(self.stream)

    async def tell(self, send: Callable[[Message], Awaitable[None]]) -> None:
        """Tell who shares how many watch, at once and whenever that changes."""
        while True:
            self._changed.clear()
            await send(self._message())
            await self._changed.wait()
            await asyncio.sleep(NOTICE_SECONDS)

    def tell_again(self) -> None:
        """Tell it although nothing has changed."""
        self._changed.set()

    def _message(self) -> str:
        return wire.encode(
            wire.Shared(
                stream=self.stream.name,
                url=self._link.path,
                until=self._link.until.isoformat(),
                viewers=len(self.stream.viewers),
                resume=self._resume,
            )
        ).decode()

    def end(self) -> None:
        """Show nothing any more, at once."""
        self._registry.remove(self.stream)
        self.stream.end()


def _new_name() -> str:
    return f"webcam-{secrets.token_hex(4)}"


def _resumed(registry: Registry, resume: str | None) -> links.Link | None:
    """Return the link of an earlier sharing, None where it is over. That one ends if it goes on: a
    connection that is lost may take the server a minute to miss."""
    try:
        key: Any = signing.loads(resume or "", salt=SALT)
    except signing.BadSignature:
        return None
    link = links.read(key)
    if link is None or link.is_over:
        return None
    before = registry.get(link.stream)
    if isinstance(before, SharedStream):
        before.let_go()
    return link
