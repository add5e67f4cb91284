"""Where a survey is kept: one SQLite file that holds what is finished, and nothing else.

A batch of results and the images that it finishes are one transaction. SQLite's write-ahead log
makes it all or nothing at any moment the process may end, `kill -9` included.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from gridsal_core.atomic import make_folder
from gridsal_core.errors import GridSalError, OutputError
from gridsal_core.locks import sole_worker
from gridsal_core.survey.definition import Survey
from gridsal_core.survey.kinds import Section
from gridsal_core.survey.results import Maps, Result, Summary
from gridsal_core.survey.rows import (
    MAPS_COLUMNS,
    SUMMARY_COLUMNS,
    checked,
    maps_of,
    row_of,
    summary_of,
)
from gridsal_core.survey.schema import Contents, ImageState, insert, make_tables, unpacked

LEDGER_NAME: Final = "survey.sqlite"
LOCK_NAME: Final = "survey.lock"
# What it says of damage quotes the file, and may not even be text.
_DAMAGE: Final = (sqlite3.Error, UnicodeDecodeError)
_VERSION: Final = 1
# Another process may be about to finish a batch.
_PATIENCE_SECONDS: Final = 60.0

_SUMMARIES: Final = f"SELECT {', '.join(SUMMARY_COLUMNS)} FROM items"  # noqa: S608 - own names


@dataclass(frozen=True)
class Group:
    """The items of one section about one class; `true_class` is None for predicted segments."""

    section: Section
    class_index: int
    true_class: int | None
    items: int


class Ledger:
    """The file of one survey. Use it in the thread that opened it, and close it.

    Parameters
    ----------
    folder
        Where the file is.
    connection
        The open file.
    """

    def __init__(self, folder: Path, connection: sqlite3.Connection) -> None:
        self.folder = folder
        self._connection = connection
        self._survey: Survey | None = None

    @classmethod
    def begin(cls, folder: Path, survey: Survey, place: str, labels: str | None = None) -> Ledger:
        """Make the folder and its ledger, or go on with one that asks the same.

        Parameters
        ----------
        folder
            New, empty, or the folder of the same survey.
        survey
            Its definition; where the ledger has one, the means are those it began with.
        place
            The folder of the images; another data set does not belong to the same survey, but one
            that was moved does.
        labels
            Where the label maps are, as of `Data`.

        Raises
        ------
        OutputError
            If the folder holds something else or another survey, or cannot be written.
        """
        make_folder(folder)
        file = folder / LEDGER_NAME
        try:
            is_used = not file.exists() and any(folder.iterdir())
        except OSError as error:
            raise OutputError(
                f"The folder {folder} cannot be read: {error.strerror or error}; choose another."
            ) from error
        if is_used:
            raise OutputError(
                f"The folder {folder} holds something else; choose a new or an empty one."
            )
        ledger = cls(folder, _connected(file))
        with ExitStack() as on_failure:
            on_failure.callback(ledger.close)
            ledger._settle(survey, storable(place), None if labels is None else storable(labels))
            on_failure.pop_all()
        return ledger

    @classmethod
    def open(cls, folder: Path) -> Ledger:
        """Open the ledger of a survey that was begun.

        Raises
        ------
        OutputError
            If there is none, or it is damaged.
        """
        file = folder / LEDGER_NAME
        if not file.is_file():
            raise OutputError(
                f"The folder {folder} holds no survey; make one with gridsal survey --out."
            )
        ledger = cls(folder, _connected(file))
        with ExitStack() as on_failure:
            on_failure.callback(ledger.close)
            if not ledger._has_tables():
                raise OutputError(f"The survey in {folder} was not begun; make it again.")
            _ = ledger.survey
            on_failure.pop_all()
        return ledger

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @property
    def survey(self) -> Survey:
        """The definition that the survey began with."""
        if self._survey is None:
            try:
                values = json.loads(self._value("definition"))
            except ValueError as error:
                raise self._damaged() from error
            if not isinstance(values, dict):
                raise self._damaged()
            self._survey = Survey.from_dict(values)
        return self._survey

    @property
    def place(self) -> str:
        """The folder of the images."""
        return self._value("place")

    @property
    def labels(self) -> str | None:
        """Where the label maps are, as of `Data`; None if it has none, or does not say."""
        rows = self._read("SELECT value FROM survey WHERE name = 'labels'")
        return next((str(row[0]) for row in rows), None)

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Be the only process that adds to this survey; others may read it.

        Raises
        ------
        OutputError
            If another process is at work on it.
        """
        with sole_worker(self.folder / LOCK_NAME) as is_alone:
            if not is_alone:
                raise OutputError(
                    f"Another process is at work on the survey in {self.folder}; wait for its "
                    "end, or stop it there."
                )
            yield

    def is_finished(self, image: str, stamp: str) -> bool:
        """Whether nothing is left to do for an image that has not been written to since.

        One that could not be used is tried again.
        """
        state = self.state(image)
        return state is not None and state.stamp == stamp and not state.note

    def state(self, image: str) -> ImageState | None:
        """Return what is known of an image, or None unless it is finished."""
        rows = self._read("SELECT * FROM images WHERE image = ?", image)
        return next((ImageState(*row) for row in rows), None)

    def states(self) -> Iterator[ImageState]:
        """Go through the finished images by name."""
        return (ImageState(*row) for row in self._read("SELECT * FROM images ORDER BY image"))

    def known(self, image: str) -> set[str]:
        """Return the identities of an image's finished items."""
        return {row[0] for row in self._read("SELECT identity FROM items WHERE image = ?", image)}

    def finish(self, results: Sequence[Result], images: Sequence[ImageState]) -> None:
        """Keep results and finished images: all of them or, if the process ends now, none.

        Raises
        ------
        OutputError
            If they cannot be written.
        """
        with self._writing() as connection:
            insert(connection, map(row_of, results), images)

    def settle(self, contents: Iterable[Contents], images: Sequence[ImageState]) -> None:
        """Begin images, anew if they were finished: what is no item of theirs goes.

        Parameters
        ----------
        contents
            Of the images that are begun.
        images
            Those of them in which nothing is left to do.
        """
        with self._writing() as connection:
            self._forget(connection, contents)
            insert(connection, (), images)

    def merge(self, data: bytes) -> int:
        """Keep what `packed` holds, all of it or nothing, and return how many items are new.

        Raises
        ------
        OutputError
            If it is damaged, or the ledger cannot be written.
        """
        contents, items, images = unpacked(data)
        before = self.item_count
        with self._writing() as connection:
            self._forget(connection, contents)
            insert(connection, items, images)
        return self.item_count - before

    def _forget(self, connection: sqlite3.Connection, contents: Iterable[Contents]) -> None:
        for each in contents:
            gone = [(identity,) for identity in self.known(each.image) - each.wanted]
            connection.execute("DELETE FROM images WHERE image = ?", (each.image,))
            connection.executemany("DELETE FROM items WHERE identity = ?", gone)

    @property
    def item_count(self) -> int:
        """How many items are finished."""
        return int(next(self._read("SELECT count(*) FROM items"))[0])

    def groups(self) -> tuple[Group, ...]:
        """Return which groups of items there are, in the order of sections and classes."""
        rows = self._read(
            "SELECT section, class_index, true_class, count(*) FROM items "
            "GROUP BY section, class_index, true_class "
            "ORDER BY section, class_index, true_class"
        )
        names = ("section", "class_index", "true_class")
        found = []
        for *kind, items in rows:
            section, class_index, true_class = checked(names, kind)
            found.append(Group(section, class_index, true_class, items))
        return tuple(found)

    def summaries(self, group: Group | None = None) -> Iterator[Summary]:
        """Go through the results, of one group or all, by image and place; one at a time."""
        order = "ORDER BY image, ordinal"
        if group is None:
            rows = self._read(f"{_SUMMARIES} {order}")
        else:
            rows = self._read(
                f"{_SUMMARIES} WHERE section = ? AND class_index = ? AND true_class IS ? {order}",
                *(group.section, group.class_index, group.true_class),
            )
        count, source = len(self.survey.classes), self.survey.source
        return (summary_of(row, count, source) for row in rows)

    def summary(self, identity: str) -> Summary:
        """Return the numbers of one item.

        Raises
        ------
        OutputError
            If it is not finished.
        """
        for row in self._read(f"{_SUMMARIES} WHERE identity = ?", identity):
            return summary_of(row, len(self.survey.classes), self.survey.source)
        raise OutputError(f"The survey in {self.folder} has no result {identity}.")

    def maps(self, identity: str) -> Maps:
        """Return the arrays of one item.

        Raises
        ------
        OutputError
            If it is not finished, or damaged.
        """
        rows = self._read(
            f"SELECT {', '.join(MAPS_COLUMNS)} FROM items WHERE identity = ?",  # noqa: S608 - ours
            identity,
        )
        for row in rows:
            return maps_of(row)
        raise OutputError(f"The survey in {self.folder} has no result {identity}.")

    def _settle(self, survey: Survey, place: str, labels: str | None) -> None:
        if self._has_tables():
            self.survey.check_same(survey)
            self._settle_place("place", "images", self.place, place)
            self._settle_place("labels", "label maps", self.labels, labels)
            return
        with self._writing() as connection:
            make_tables(connection)
            values = {"definition": json.dumps(survey.to_dict()), "place": place}
            values |= {} if labels is None else {"labels": labels}
            connection.executemany("INSERT INTO survey VALUES (?, ?)", values.items())
            connection.execute(f"PRAGMA user_version = {_VERSION}")

    def _settle_place(self, name: str, what: str, known: str | None, place: str | None) -> None:
        """Take over where something is now, unless it still is where it was."""
        if place is None or place == known:
            return
        if known is not None and Path(known).is_dir():
            raise OutputError(
                f"The folder {self.folder} holds a survey of the {what} in {known}; "
                "choose another folder."
            )
        with self._writing() as connection:
            connection.execute("INSERT OR REPLACE INTO survey VALUES (?, ?)", (name, place))

    def _has_tables(self) -> bool:
        version = int(next(self._read("PRAGMA user_version"))[0])
        if version not in (0, _VERSION):
            raise OutputError(
                f"The survey in {self.folder} was made by another version of GridSal; "
                "choose another folder."
            )
        if version == 0 and next(self._read("SELECT count(*) FROM sqlite_schema"))[0]:
            raise self._damaged()
        return version == _VERSION

    def _value(self, name: str) -> str:
        for row in self._read("SELECT value FROM survey WHERE name = ?", name):
            return str(row[0])
        raise self._damaged()

    def _read(self, statement: str, *values: object) -> Iterator[tuple[Any, ...]]:
        try:
            # Not `yield from`: left half way, that would close the cursor of a closed file.
            for row in self._connection.execute(statement, values):  # noqa: UP028
                yield row
        except _DAMAGE as error:
            raise self._damaged() from error

    @contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            with ExitStack() as on_failure:
                on_failure.callback(self._connection.rollback)
                yield self._connection
                on_failure.pop_all()
            self._connection.commit()
        except sqlite3.Error as error:
            raise OutputError(
                f"The survey in {self.folder} cannot be written: {error}; free some space, or "
                "choose another folder."
            ) from error

    def _damaged(self) -> GridSalError:
        return OutputError(
            f"{self.folder / LEDGER_NAME} is no survey, or it is damaged; choose another folder."
        )


def storable(text: str) -> str:
    """Return a path that SQLite can hold: bytes that are no text are spelt out."""
    return text.encode("utf-8", "backslashreplace").decode()


def is_inside(folder: Path, images: Path) -> bool:
    """Whether a folder is that of the images, or lies in it."""
    return folder.absolute().is_relative_to(images.absolute())


def _connected(file: Path) -> sqlite3.Connection:
    try:
        connection = sqlite3.connect(file, timeout=_PATIENCE_SECONDS, isolation_level=None)
        with ExitStack() as on_failure:
            on_failure.callback(connection.close)
            connection.execute("PRAGMA trusted_schema = OFF")
            connection.execute("PRAGMA journal_mode = WAL")
            connection.execute("PRAGMA synchronous = FULL")
            on_failure.pop_all()
    except _DAMAGE as error:
        raise OutputError(
            f"{file} is no survey, or cannot be opened ({error}); choose another folder."
        ) from error
    return connection
