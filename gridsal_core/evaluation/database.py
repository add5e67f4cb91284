"""A SQLite file that may be lost at any time: whatever is wrong with it is a miss."""

from __future__ import annotations

import logging
import sqlite3
from contextlib import suppress
from pathlib import Path
from typing import Any

_PATIENCE_SECONDS = 2.0
_SIZES = ("page_count", "freelist_count", "page_size")

# What SQLite says of damage quotes the file, and may not even be text.
_DAMAGE = (sqlite3.Error, UnicodeDecodeError)

log = logging.getLogger(__name__)


class LosableDatabase:
    """A table with a column `number INTEGER PRIMARY KEY`: rows count up as they are written.

    Used in one thread; other processes may use the same file.

    Parameters
    ----------
    path
        The file, made if it is missing, with the folders above it.
    table, columns
        The table's name, and the SQL of its columns besides `number`.
    capacity_bytes
        Beyond this, what was written longest ago is dropped.
    check_every
        After how many rows the size is looked at.
    """

    def __init__(
        self, path: Path, table: str, columns: str, capacity_bytes: int, check_every: int
    ) -> None:
        self._path, self._table, self._capacity = path, table, capacity_bytes
        self._create = f"CREATE TABLE IF NOT EXISTS {table} (number INTEGER PRIMARY KEY, {columns})"
        self._check_every = check_every
        self._puts = 0
        self._database = self._opened()

    def close(self) -> None:
        """Close the file."""
        if self._database is not None:
            self._database.close()
            self._database = None

    def rows(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """Return what a query finds."""
        if self._database is None:
            return []
        try:
            return self._database.execute(query, values).fetchall()
        except _DAMAGE as error:
            self._give_up(error)
            return []

    def put(self, statement: str, values: tuple[Any, ...]) -> None:
        """Write a row, and now and then look at the size."""
        self._change(statement, values)
        self._puts += 1
        if self._puts % self._check_every == 1:
            self._drop_oldest()

    @property
    def used_bytes(self) -> int:
        """How much of the file is in use; what was freed is used again."""
        numbers = [self.rows(f"PRAGMA {name}") for name in _SIZES]
        pages, free, size = (int(rows[0][0]) if rows else 0 for rows in numbers)
        return (pages - free) * size

    def _drop_oldest(self) -> None:
        while (used := self.used_bytes) > self._capacity:
            self._change(
                f"DELETE FROM {self._table} WHERE number <= (SELECT MIN(number)"  # noqa: S608  # ours
                f" + (MAX(number) - MIN(number)) / 10 FROM {self._table})"
            )
            if self.used_bytes >= used:
                return  # it could not be written, or one row is all there is

    def _opened(self) -> sqlite3.Connection | None:
        for is_last in (False, True):
            try:
                self._path.parent.mkdir(parents=True, exist_ok=True)
                database = sqlite3.connect(
                    self._path, timeout=_PATIENCE_SECONDS, isolation_level=None
                )
                # A power cut may damage the file: that is a miss too.
                database.execute("PRAGMA synchronous = OFF")
                database.execute(self._create)
                database.execute(f"SELECT number FROM {self._table} LIMIT 1").fetchone()  # noqa: S608  # ours
            except (OSError, *_DAMAGE) as error:
                log.warning("The cache %s cannot be used (%s).", self._path, error)
                if not isinstance(error, (sqlite3.DatabaseError, UnicodeDecodeError)) or is_last:
                    return None
                if isinstance(error, sqlite3.OperationalError):
                    return None  # busy, or the disk is full: the file itself may be sound
                with suppress(OSError):
                    self._path.unlink()
            else:
                return database
        return None

    def _change(self, statement: str, values: tuple[Any, ...] = ()) -> None:
        if self._database is None:
            return
        try:
            self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            log.warning("The cache %s was not written (%s).", self._path, error)
        except _DAMAGE as error:
            self._give_up(error)

    def _give_up(self, error: Exception) -> None:
        """Put a damaged file out of the way; a new one is begun."""
        log.warning("The cache %s is damaged (%s); it is begun anew.", self._path, error)
        self.close()
        with suppress(OSError):
            self._path.unlink()
        self._database = self._opened()
