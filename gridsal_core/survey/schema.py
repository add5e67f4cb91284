"""The tables of a survey's file, what is put into them, and parts of it that travel."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import astuple, dataclass
from typing import Any, Final

from gridsal_core.errors import OutputError
from gridsal_core.survey.results import Result
from gridsal_core.survey.rows import COLUMNS, row_of

_SCHEMA: Final = f"""
CREATE TABLE survey (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE images (
    image TEXT PRIMARY KEY, stamp TEXT NOT NULL, content TEXT NOT NULL, items INTEGER NOT NULL,
    note TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE items ({", ".join(f"{name} {kind}" for name, kind in COLUMNS.items())});
CREATE UNIQUE INDEX places ON items (image, ordinal);
CREATE INDEX groups ON items (section, class_index, true_class, image, ordinal);
"""
# What a worker on another machine sends: an image has one row with no identity, or it has no items.
_WANTED: Final = "CREATE TABLE wanted (image TEXT NOT NULL, identity TEXT)"


@dataclass(frozen=True)
class ImageState:
    """What is known of an image that is finished.

    `stamp` and `content` are as of `data.stamp` and `data.fingerprint`; `items` says how many
    requests were made; `note` why none could be, if the image could not be used.
    """

    image: str
    stamp: str
    content: str
    items: int
    note: str = ""


@dataclass(frozen=True)
class Contents:
    """Which items an image has, those that are not finished included."""

    image: str
    wanted: frozenset[str]


def packed(
    contents: Iterable[Contents], results: Iterable[Result], images: Iterable[ImageState]
) -> bytes:
    """Return all that became of a block as a SQLite file, for `Ledger.merge`."""
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        make_tables(connection)
        connection.execute(_WANTED)
        insert(connection, map(row_of, results), images)
        for each in contents:
            rows = [(each.image, identity) for identity in (*sorted(each.wanted), None)]
            connection.executemany("INSERT INTO wanted VALUES (?, ?)", rows)
        return connection.serialize()
    finally:
        connection.close()


_Rows = list[tuple[Any, ...]]


def unpacked(data: bytes) -> tuple[list[Contents], _Rows, list[ImageState]]:
    """Read what `packed` holds: what is wanted, the items as rows, and the finished images.

    Raises
    ------
    OutputError
        If it is damaged.
    """
    connection = sqlite3.connect(":memory:")
    try:
        if not data:
            raise ValueError("the file is empty")
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.deserialize(data)
        wanted: dict[str, set[str]] = {}
        for image, identity in connection.execute("SELECT image, identity FROM wanted"):
            wanted.setdefault(image, set()).update(() if identity is None else (identity,))
        columns = ", ".join(COLUMNS)
        items = connection.execute(f"SELECT {columns} FROM items").fetchall()  # noqa: S608
        images = [ImageState(*row) for row in connection.execute("SELECT * FROM images")]
    # Text may be no UTF-8, and rows may have other columns.
    except (sqlite3.Error, ValueError, TypeError) as error:
        raise OutputError(
            "A part of the survey that a worker left is damaged; delete the folder of the parts, "
            "and the same command makes it again."
        ) from error
    finally:
        connection.close()
    return [Contents(image, frozenset(some)) for image, some in wanted.items()], items, images


def make_tables(connection: sqlite3.Connection) -> None:
    """Make the tables of a ledger."""
    for statement in _SCHEMA.split(";"):
        connection.execute(statement)


def insert(
    connection: sqlite3.Connection,
    items: Iterable[tuple[Any, ...]],
    images: Iterable[ImageState],
) -> None:
    """Add items, as rows, and images; what has the same identity or name is replaced."""
    places = ", ".join("?" * len(COLUMNS))
    connection.executemany(
        f"INSERT OR REPLACE INTO items VALUES ({places})",  # noqa: S608 - question marks
        items,
    )
    connection.executemany(
        "INSERT OR REPLACE INTO images VALUES (?, ?, ?, ?, ?)", map(astuple, images)
    )
