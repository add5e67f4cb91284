"""Predictions on disk, so that whoever steps through a folder that was predicted need not wait.

The class map is kept as it is, the confidence in steps of 1/255. Whatever is wrong is a miss.
"""

from __future__ import annotations

import json
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from gridsal_core.arrays import IndexArray
from gridsal_core.evaluation.cache import read_stamp, stamp_text
from gridsal_core.evaluation.database import LosableDatabase
from gridsal_core.evaluation.stamps import Stamp
from gridsal_core.types import Prediction

CAPACITY_BYTES = 1_000_000_000
FILE_NAME = "predictions-1.sqlite"

_CHECK_EVERY = 16
# Confidence hardly becomes smaller by more effort.
_EFFORT = 1
_MOST_BYTES = 2**30
_STEPS = 255
_COLUMNS = (
    "predictor TEXT NOT NULL, image BLOB NOT NULL, stamp TEXT NOT NULL, head TEXT NOT NULL,"
    " data BLOB NOT NULL, UNIQUE (predictor, image)"
)
_PUT = (
    "INSERT OR REPLACE INTO predictions (predictor, image, stamp, head, data)"
    " VALUES (?, ?, ?, ?, ?)"
)
_GET = "SELECT stamp, head, data FROM predictions WHERE predictor = ? AND image = ?"


class PredictionsCache:
    """Keeps predictions by predictor (see `predictor_key`) and image.

    Used in one thread; other processes may use the same file.

    Parameters
    ----------
    path
        The file, made if it is missing.
    capacity_bytes
        Beyond this, what was written longest ago is dropped.
    """

    def __init__(self, path: Path, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._database = LosableDatabase(
            path, "predictions", _COLUMNS, capacity_bytes, _CHECK_EVERY
        )

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def put(self, predictor: str, image: bytes, stamp: Stamp, prediction: Prediction) -> None:
        """Keep a prediction.

        Parameters
        ----------
        predictor, image, stamp
            What it depends on; the image as `os.fsencode` has it. The stamp's label map is not
            looked at.
        prediction
            What the network said.
        """
        class_map = np.ascontiguousarray(prediction.class_map)
        head = json.dumps([class_map.shape, class_map.dtype.itemsize, prediction.notes])
        steps = np.rint(prediction.confidence * _STEPS).astype(np.uint8)
        data = zlib.compress(class_map.astype(_little(class_map.itemsize)).tobytes(), _EFFORT)
        data += zlib.compress(steps.tobytes(), _EFFORT)
        self._database.put(_PUT, (predictor, image, stamp_text(stamp), head, data))

    def get(
        self, predictor: str, image: bytes, stamp: Stamp, class_count: int
    ) -> Prediction | None:
        """Return the prediction on an image, if it is kept and all it depends on is the same."""
        for text, head, data in self._database.rows(_GET, (predictor, image)):
            with suppress(ValueError, TypeError, zlib.error):
                if read_stamp(text, None) == stamp:
                    return _read(head, data, stamp, class_count)
        return None


def _read(head: object, data: object, stamp: Stamp, class_count: int) -> Prediction:
    """Read a prediction, or raise ValueError, TypeError or zlib.error where it is none."""
    if not isinstance(head, str) or not isinstance(data, bytes):
        raise TypeError("it is no prediction")
    shape, itemsize, notes = json.loads(head)
    if tuple(shape) != stamp.frame.size or itemsize not in (1, 2):
        raise ValueError("it is of another size")
    count = stamp.frame.size[0] * stamp.frame.size[1]
    first = zlib.decompressobj()
    classes = _inflated(first, data, count * itemsize)
    steps = _inflated(zlib.decompressobj(), first.unused_data, count)
    class_map = np.frombuffer(classes, _little(itemsize)).reshape(stamp.frame.size)
    if int(class_map.max()) >= class_count:
        raise ValueError("it holds classes that the network does not have")
    native: IndexArray = (
        class_map.astype(np.uint8) if itemsize == 1 else class_map.astype(np.uint16)
    )
    confidence = np.frombuffer(steps, np.uint8).reshape(stamp.frame.size) / np.float32(_STEPS)
    return Prediction(native, confidence.astype(np.float32), tuple(map(str, notes)))


def _inflated(unzip: Any, data: bytes, size: int) -> bytes:  # noqa: ANN401  # zlib's has no name
    raw: bytes = unzip.decompress(data, min(size + 1, _MOST_BYTES))
    if len(raw) != size or not unzip.eof:
        raise ValueError("it is too long, or cut off")
    return raw


def _little(itemsize: int) -> str:
    return f"<u{itemsize}"
