"""Finds faces that look at the camera, and follows them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from streamer import weights
from streamer.hog import Hit, Search, look
from streamer.lookout import Lookout
from streamer.tracking import Track
from streamer.types import Box, Detections, Detector, Face, Frame

NEW, KNOWN = 0.0, -0.35
"""Scores that a new face needs, dlib's own, and one that is followed: it needs less proof."""
DOUBTFUL = 0.3
"""Score under which a new face in a part of the frame is looked at again."""
CHECK = 3
"""A followed face is searched for in every third frame; in between its patch is followed."""
SURE = 0.75
"""Correlation of the patch under which it is searched for at once."""
SMALLEST = 70
"""Width of the smallest box that dlib has for a face, less what a track may be off by."""
MOST_DOUBT = 5
"""Frames that a face is kept for while it scores less than a new one needs."""
NEAR, NEAR_SHIFTED, WIDE = 0.2, 0.25, 0.75
"""Shares of a face around it in which it is searched for. The second is the first, half a cell
further: a face that lies badly in the detector's grid lies well in that one. The third is for a
face that has moved away."""
SAME = 0.3
"""Overlap (intersection over union) of two boxes that may be one face."""
REMEMBERED = 15
"""Frames in which a lost face is searched for where it was."""


@dataclass
class Ghost:
    """A face that was lost a moment ago."""

    id: int
    box: Box
    frames: int = REMEMBERED


class FaceDetector(Detector):
    """dlib's frontal face detector: HOG features, a sliding window of 80 pixels and an image
    pyramid, so that faces of 80 pixels and more are found. A known face is searched for around
    where it was, a new one where a lookout says.

    King, "Max-Margin Object Detection", 2015 (arXiv:1502.00046).
    """

    name = "faces"
    reads_gray = True

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` tells seconds and never goes back."""
        self._lookout = Lookout(clock)
        self._tracks: list[Track] = []
        self._ghosts: list[Ghost] = []
        self._ids = 0

    def load(self) -> None:
        weights.face_detector()

    def detect(self, frame: Frame, found: Detections) -> Detections:
        """Add every face. A box at the border may reach beyond the frame, as dlib's do.

        A face keeps its `id` while it is followed, and where it is found again at once.
        """
        lost = False
        for track in list(self._tracks):
            if not self._follow(track, frame):
                lost = True
                self._tracks.remove(track)
                self._ghosts.append(Ghost(track.id, track.box))
        known = [track.box for track in self._tracks]
        for search in self._lookout.next(frame, known, lost):
            # Over the whole frame the detector's word is dlib's own, over a part it may differ.
            whole = search == Search(Box(0, 0, frame.width, frame.height))
            self._welcome(look(frame.gray, search, NEW), frame, NEW if whole else DOUBTFUL)
        self._search_ghosts(frame)
        return found.with_faces(Face(track.id, track.box) for track in self._tracks)

    def _search_ghosts(self, frame: Frame) -> None:
        """Look for lost faces where they were: one in each frame, in turns."""
        for ghost in self._ghosts:
            ghost.frames -= 1
        self._ghosts = [ghost for ghost in self._ghosts if ghost.frames > 0]
        if self._ghosts:
            ghost = self._ghosts.pop(0)
            self._ghosts.append(ghost)
            self._welcome(look(frame.gray, Search.near(ghost.box, WIDE), NEW), frame, DOUBTFUL)

    def _follow(self, track: Track, frame: Frame) -> bool:
        """Move a track to where its face is now; False where it is gone."""
        sure = track.follow(frame)
        leaves = track.box.clipped(frame.width, frame.height) != track.box
        if sure >= SURE and track.searched < CHECK and not track.doubt and not leaves:
            return True
        hit = self._found_again(track, frame)
        if hit is None:
            return False
        # What is smaller than dlib's smallest only an enlarged picture shows: not for long.
        clear = hit.score >= NEW and hit.box.w >= SMALLEST
        track.settle(hit.box, clear, frame)
        return track.doubt <= MOST_DOUBT

    def _found_again(self, track: Track, frame: Frame) -> Hit | None:
        """Return the clearest hit near a track that is not rather another track's."""
        others = [other.box for other in self._tracks if other is not track]
        near = NEAR_SHIFTED if track.doubt % 2 else NEAR
        for search in (Search.near(track.box, near), Search.near(track.box, WIDE, enlarge=True)):
            hits = [
                hit
                for hit in look(frame.gray, search, KNOWN)
                if hit.box.overlap(track.box) >= max([SAME, *map(hit.box.overlap, others)])
            ]
            if hits:
                return max(hits, key=lambda hit: hit.score)
        return None

    def _welcome(self, hits: Iterable[Hit], frame: Frame, enough: float) -> None:
        """Take in each hit that is no known face; one that scores less than `enough` is looked at
        again."""
        for hit in hits:
            if any(hit.box.overlap(track.box) >= SAME for track in self._tracks):
                continue
            if hit.score >= enough or self._seen_again(hit, frame):
                self._tracks.append(Track(self._id(hit), hit.box, frame))

    def _seen_again(self, hit: Hit, frame: Frame) -> bool:
        """Look again in another grid: what only looks like a face seldom does so twice."""
        again = look(frame.gray, Search.near(hit.box, NEAR_SHIFTED), NEW)
        return any(other.box.overlap(hit.box) >= SAME for other in again)

    def _id(self, hit: Hit) -> int:
        """Return the id of the ghost that has come back, or the next new one."""
        ghost = max(self._ghosts, key=lambda each: each.box.overlap(hit.box), default=None)
        if ghost and ghost.box.overlap(hit.box) >= SAME:
            self._ghosts.remove(ghost)
            return ghost.id
        self._ids += 1
        return self._ids - 1
