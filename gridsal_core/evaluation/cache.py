"""Counts of images on disk, so that a folder that was predicted once opens with what is known.

Whatever is wrong with the file, or with the disk, is a miss and never an error: what it holds can
be computed again. Nothing in it is code, and counts are checked before they are believed.
"""

from __future__ import annotations

import json
import os
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path

import numpy as np
from platformdirs import user_cache_path

from gridsal_core.evaluation.counts import ImageCounts
from gridsal_core.evaluation.database import LosableDatabase
from gridsal_core.evaluation.stamps import FileState, Stamp
from gridsal_core.frames import Box, Frame

CAPACITY_BYTES = 250_000_000
FILE_NAME = "evaluation-1.sqlite"

_CHECK_EVERY = 256
_MOST_BYTES = 2**26
_COLUMNS = (
    "predictor TEXT NOT NULL, folder BLOB NOT NULL, image BLOB NOT NULL, stamp TEXT NOT NULL,"
    " label BLOB, data BLOB NOT NULL, UNIQUE (predictor, folder, image)"
)
_PUT = (
    "INSERT OR REPLACE INTO counts (predictor, folder, image, stamp, label, data)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_GET = "SELECT image, stamp, label, data FROM counts WHERE predictor = ? AND folder = ?"


def cache_path() -> Path:
    """Where the file is; the environment variable GRIDSAL_CACHE names another folder."""
    folder = os.environ.get("GRIDSAL_CACHE")
    return (Path(folder) if folder else user_cache_path("gridsal")) / FILE_NAME


class CountsCache:
    """Keeps counts by predictor (see `predictor_key`), folder and name of the image.

    Used in one thread; other processes may use the same file.

    Parameters
    ----------
    path
        The file, made if it is missing.
    capacity_bytes
        Beyond this, what was written longest ago is dropped.
    """

    def __init__(self, path: Path, capacity_bytes: int = CAPACITY_BYTES) -> None:
        self._database = LosableDatabase(path, "counts", _COLUMNS, capacity_bytes, _CHECK_EVERY)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    @property
    def used_bytes(self) -> int:
        """How much of the file is in use."""
        return self._database.used_bytes

    def folder(
        self, predictor: str, folder: Path, class_count: int
    ) -> Iterator[tuple[str, Stamp, ImageCounts]]:
        """Yield what is kept of a folder's images: name, what it depends on, counts."""
        for name, stamp, label, data in self._database.rows(_GET, (predictor, os.fsencode(folder))):
            with suppress(ValueError, TypeError, KeyError, zlib.error):
                yield os.fsdecode(name), read_stamp(stamp, label), _unpacked(data, class_count)

    def put(
        self, predictor: str, folder: Path, name: str, stamp: Stamp, counts: ImageCounts
    ) -> None:
        """Keep the counts of an image, in the place of older ones."""
        label = None if stamp.label_path is None else os.fsencode(stamp.label_path)
        row = (
            predictor,
            os.fsencode(folder),
            os.fsencode(name),
            stamp_text(stamp),
            label,
            _packed(counts),
        )
        self._database.put(_PUT, row)


def _packed(counts: ImageCounts) -> bytes:
    head = np.array([int(counts.is_labelled)], "<i8").tobytes()
    body = counts.codes.astype("<i8").tobytes() + counts.pixels.astype("<i8").tobytes()
    return zlib.compress(head + body, 6)


def _unpacked(data: object, class_count: int) -> ImageCounts:
    """Read counts, or raise ValueError where they cannot be any."""
    if not isinstance(data, bytes):
        raise TypeError("it is no data")
    unzip = zlib.decompressobj()
    raw = unzip.decompress(data, _MOST_BYTES)
    if not unzip.eof:
        raise ValueError("it is too long, or cut off")
    values = np.frombuffer(raw, "<i8")
    if len(values) % 2 != 1:
        raise ValueError("it is cut off")
    codes, pixels = np.split(values[1:], 2)
    is_ascending = bool((np.diff(codes) > 0).all())
    is_in_range = bool(((codes >= 0) & (codes < (class_count + 1) * class_count)).all())
    if not (len(codes) and is_ascending and is_in_range and bool((pixels > 0).all())):
        raise ValueError("it holds no counts of such a network")
    return ImageCounts(codes.astype(np.int32), pixels.astype(np.int64), bool(values[0]))


def stamp_text(stamp: Stamp) -> str:
    """Write a stamp; the path of its label map is kept besides, since it may be no text."""
    frame = stamp.frame
    label = None if stamp.label is None else astuple(stamp.label)
    return json.dumps([frame.full, astuple(frame.window), frame.size, astuple(stamp.image), label])


def read_stamp(text: object, label: object) -> Stamp:
    """Read a stamp, or raise ValueError or TypeError where it is none."""
    if not isinstance(text, str) or not (label is None or isinstance(label, bytes)):
        raise TypeError("it is no stamp")
    full, window, size, image, of_label = json.loads(text)
    return Stamp(
        Frame(_pair(full), Box(*map(_whole, window)), _pair(size)),
        FileState(*_pair(image)),
        None if label is None else Path(os.fsdecode(label)),
        None if of_label is None else FileState(*_pair(of_label)),
    )


def _pair(values: list[object]) -> tuple[int, int]:
    first, second = values
    return _whole(first), _whole(second)


def _whole(value: object) -> int:
    if not isinstance(value, int):
        raise TypeError("it is no whole number")
    return value
