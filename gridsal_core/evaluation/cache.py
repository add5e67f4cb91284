"""Counts of images on disk, so that a folder that was predicted once opens with what is known.

One SQLite file. Whatever is wrong with it, or with the disk, is a miss and never an error: what it
holds can be computed again. Nothing in it is code, and counts are checked before they are believed.
"""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
from platformdirs import user_cache_path

from gridsal_core.evaluation.counts import ImageCounts
from gridsal_core.evaluation.stamps import FileState, Stamp
from gridsal_core.frames import Box, Frame

CAPACITY_BYTES = 10**9
FILE_NAME = "evaluation-1.sqlite"

_PATIENCE_SECONDS = 2.0
_CHECK_EVERY = 256
_MOST_BYTES = 2**26
_CREATE = """
CREATE TABLE IF NOT EXISTS counts (
    number INTEGER PRIMARY KEY,
    predictor TEXT NOT NULL, folder BLOB NOT NULL, image BLOB NOT NULL,
    stamp TEXT NOT NULL, label BLOB, data BLOB NOT NULL,
    UNIQUE (predictor, folder, image)
)"""
# Rows are numbered in the order they were written, also those that replace others.
_PUT = (
    "INSERT OR REPLACE INTO counts (predictor, folder, image, stamp, label, data)"
    " VALUES (?, ?, ?, ?, ?, ?)"
)
_SIZES = ("page_count", "freelist_count", "page_size")
_GET = "SELECT image, stamp, label, data FROM counts WHERE predictor = ? AND folder = ?"
_DROP = (
    "DELETE FROM counts WHERE number <="
    " (SELECT MIN(number) + (MAX(number) - MIN(number)) / 10 FROM counts)"
)

log = logging.getLogger(__name__)


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
        self._path, self._capacity = path, capacity_bytes
        self._puts = 0
        self._database = self._opened()

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def folder(
        self, predictor: str, folder: Path, class_count: int
    ) -> Iterator[tuple[str, Stamp, ImageCounts]]:
        """Yield what is kept of a folder's images: name, what it depends on, counts."""
        for name, stamp, label, data in self._rows(_GET, (predictor, os.fsencode(folder))):
            with suppress(ValueError, TypeError, KeyError, zlib.error):
                yield os.fsdecode(name), _stamp(stamp, label), _unpacked(data, class_count)

    def put(
        self, predictor: str, folder: Path, name: str, stamp: Stamp, counts: ImageCounts
    ) -> None:
        """Keep the counts of an image, in the place of older ones."""
        label = None if stamp.label_path is None else os.fsencode(stamp.label_path)
        row = (
            predictor,
            os.fsencode(folder),
            os.fsencode(name),
            _stamp_text(stamp),
            label,
            _packed(counts),
        )
        self._change(_PUT, row)
        self._puts += 1
        if self._puts % _CHECK_EVERY == 1:
            self._drop_oldest()

    @property
    def used_bytes(self) -> int:
        """How much of the file is in use; what was freed is used again."""
        numbers = [self._rows(f"PRAGMA {name}") for name in _SIZES]
        pages, free, size = (int(rows[0][0]) if rows else 0 for rows in numbers)
        return (pages - free) * size

    def _drop_oldest(self) -> None:
        while (used := self.used_bytes) > self._capacity:
            self._change(_DROP)
            if self.used_bytes >= used:
                return  # it could not be written, or one row is all there is

    def _opened(self) -> sqlite3.Connection | None:
        for is_last in (False, True):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                database = sqlite3.connect(
                    self._path, timeout=_PATIENCE_SECONDS, isolation_level=None
                )
                # A power cut may damage the file: that is a miss too, and counts are checksummed.
                database.execute("PRAGMA synchronous = OFF")
                database.execute(_CREATE)
                database.execute("SELECT number FROM counts LIMIT 1").fetchone()
            except (OSError, sqlite3.Error) as error:
                log.warning("The cache %s cannot be used (%s).", self._path, error)
                if not isinstance(error, sqlite3.DatabaseError) or is_last:
                    return None
                if isinstance(error, sqlite3.OperationalError):
                    return None  # busy, or the disk is full: the file itself may be sound
                with suppress(OSError):
                    self._path.unlink()
            else:
                return database
        return None

    def _rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        if self._database is None:
            return []
        try:
            return self._database.execute(query, values).fetchall()
        except sqlite3.Error as error:
            self._give_up(error)
            return []

    def _change(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        if self._database is None:
            return
        try:
            self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            log.warning("The cache %s was not written (%s).", self._path, error)
        except sqlite3.Error as error:
            self._give_up(error)

    def _give_up(self, error: sqlite3.Error) -> None:
        """Put a damaged file out of the way; a new one is begun."""
        log.warning("The cache %s is damaged (%s); it is begun anew.", self._path, error)
        self.close()
        with suppress(OSError):
            self._path.unlink()
        self._database = self._opened()


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


def _stamp_text(stamp: Stamp) -> str:
    frame = stamp.frame
    label = None if stamp.label is None else astuple(stamp.label)
    return json.dumps([frame.full, astuple(frame.window), frame.size, astuple(stamp.image), label])


def _stamp(text: object, label: object) -> Stamp:
    if not isinstance(text, str) or not (label is None or isinstance(label, bytes)):
        raise TypeError("it is no stamp")
    full, window, size, image, of_label = json.loads(text)
    return Stamp(
        Frame(_pair(full), Box(*(int(edge) for edge in window)), _pair(size)),
        FileState(*_pair(image)),
        None if label is None else Path(os.fsdecode(label)),
        None if of_label is None else FileState(*_pair(of_label)),
    )


def _pair(values: list[int]) -> tuple[int, int]:
    first, second = values
    return int(first), int(second)
