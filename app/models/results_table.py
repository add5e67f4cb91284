"""The kept results as a table: sortable, searchable, with notes and tags to be edited in place."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from enum import IntEnum
from typing import Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPixmap

from app.models.byte_cache import ByteCache
from app.models.settings_words import settings_in_full, settings_in_short
from gridsal_core.methods import METHOD_INFOS
from gridsal_core.reading import Verdict
from gridsal_core.session.kept import KeptResult

IDENTITY_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 1
SORT_ROLE: Final = int(Qt.ItemDataRole.UserRole) + 2
RESULTS_MIME: Final = "application/x-gridsal-results"
"""Identities of results that are dragged, one a line."""

THUMBNAIL_BYTES: Final = 32 * 2**20
SWATCH_PX: Final = 12

Index = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()


class Column(IntEnum):
    """The columns, from left to right."""

    PICTURE = 0
    IMAGE = 1
    CLASS = 2
    TRUTH = 3
    SCORE = 4
    ALONE = 5
    VERDICT = 6
    NOTE = 7
    TAGS = 8
    SETTINGS = 9
    NETWORK = 10
    MADE = 11


HEADERS: Final[dict[Column, tuple[str, str]]] = {
    Column.PICTURE: ("", "The image with the map in red"),
    Column.IMAGE: ("Image", "File, and its page where there are several"),
    Column.CLASS: ("Class", "The class that was explained"),
    Column.TRUTH: ("Truth", "What most of the region truly is, by the label map"),
    Column.SCORE: ("Score", "Mean score over the region on the whole image, 0 to 1"),
    Column.ALONE: ("Alone", "Mean score over the region on the object alone, 0 to 1"),
    Column.VERDICT: ("Verdict", "Whether the context was needed"),
    Column.NOTE: ("Note", "Your note; a double click or F2 edits it"),
    Column.TAGS: ("Tags", "Your tags, separated by commas; a double click edits them"),
    Column.SETTINGS: ("Settings", "λ, mask, steps and method; the tool tip has all"),
    Column.NETWORK: ("Network", "The network that was explained"),
    Column.MADE: ("Made", "When the run ended"),
}

VERDICTS: Final[dict[Verdict, str]] = {
    "context": "context needed",
    "no context": "no context needed",
    "partial": "part of it found",
    "not converged": "not converged",
    "stopped": "stopped",
    "class not seen": "class not seen",
    "sensitivity": "sensitivity",
}

_EDITABLE: Final = (Column.NOTE, Column.TAGS)
_NUMBERS: Final = (Column.SCORE, Column.ALONE)


class ResultsTable(QAbstractTableModel):
    """One row for each result, in the order they were made."""

    described = Signal(str, str, object)
    """The identity of a result, and the note and the tags (list[str]) that it is to have."""
    thumbnail_wanted = Signal(str)
    """The identity of a result whose picture is to be shown."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._results: list[KeptResult] = []
        self._pictures = ByteCache[str, QPixmap](THUMBNAIL_BYTES, _bytes_of)
        self._asked: set[str] = set()
        self._swatches: dict[tuple[int, int, int], QPixmap] = {}

    def set_results(self, results: Iterable[KeptResult]) -> None:
        """Show other results."""
        self.beginResetModel()
        self._results = list(results)
        self._pictures.clear()
        self._asked.clear()
        self.endResetModel()

    def add(self, kept: KeptResult) -> None:
        """Show one more."""
        row = len(self._results)
        self.beginInsertRows(QModelIndex(), row, row)
        self._results.append(kept)
        self.endInsertRows()

    def change(self, kept: KeptResult) -> None:
        """Show another note or other tags."""
        row = self.row_of(kept.identity)
        if row is not None:
            self._results[row] = kept
            last = self.index(row, self.columnCount() - 1)
            self.dataChanged.emit(self.index(row, 0), last)

    def remove(self, identity: str) -> None:
        """Show one less."""
        row = self.row_of(identity)
        if row is not None:
            self.beginRemoveRows(QModelIndex(), row, row)
            del self._results[row]
            self.endRemoveRows()

    def set_thumbnail(self, identity: str, picture: QPixmap) -> None:
        """Show a picture that was wanted."""
        row = self.row_of(identity)
        # Dropped pictures are asked for again when they are painted the next time.
        self._asked.discard(identity)
        if row is not None:
            self._pictures.put(identity, picture)
            index = self.index(row, Column.PICTURE)
            self.dataChanged.emit(index, index)

    def row_of(self, identity: str) -> int | None:
        """Return the row of a result, or None if it is not there."""
        rows = (row for row, kept in enumerate(self._results) if kept.identity == identity)
        return next(rows, None)

    def search_text(self, row: int) -> str:
        """Return what a filter looks through, in lower case."""
        kept = self._results[row]
        parts = (
            kept.class_info.name,
            "" if kept.true_info is None else f"truly {kept.true_info.name}",
            _image_text(kept),
            *kept.tags,
            kept.note,
            VERDICTS[kept.verdict],
            kept.network,
            METHOD_INFOS[kept.settings.method].title,
        )
        return "\n".join(parts).casefold()

    def rowCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(self._results)

    def columnCount(self, parent: Index = _ROOT) -> int:
        return 0 if parent.isValid() else len(Column)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        if orientation != Qt.Orientation.Horizontal:
            return None
        title, tip = HEADERS[Column(section)]
        if role == Qt.ItemDataRole.ToolTipRole:
            return tip
        if role == Qt.ItemDataRole.TextAlignmentRole and section in _NUMBERS:
            return Qt.AlignmentFlag.AlignCenter
        return title if role == Qt.ItemDataRole.DisplayRole else None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index) | Qt.ItemFlag.ItemIsDragEnabled
        return flags | Qt.ItemFlag.ItemIsEditable if index.column() in _EDITABLE else flags

    def mimeTypes(self) -> list[str]:
        return [RESULTS_MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        rows = sorted({index.row() for index in indexes})
        data = QMimeData()
        text = "\n".join(self._results[row].identity for row in rows)
        data.setData(RESULTS_MIME, text.encode("ascii"))
        return data

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        kept, column = self._results[index.row()], Column(index.column())
        match role:
            case Qt.ItemDataRole.DisplayRole | Qt.ItemDataRole.EditRole:
                return _text(kept, column)
            case Qt.ItemDataRole.DecorationRole:
                return self._decoration(kept, column)
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(kept, column)
            case Qt.ItemDataRole.TextAlignmentRole if column in _NUMBERS:
                return Qt.AlignmentFlag.AlignCenter
            case Qt.ItemDataRole.AccessibleTextRole if column == Column.PICTURE:
                return f"{_image_text(kept)}, {kept.class_info.name}"
        return {IDENTITY_ROLE: kept.identity, SORT_ROLE: _sort_key(kept, column)}.get(role)

    def setData(
        self,
        index: Index,
        value: object,
        role: int = Qt.ItemDataRole.EditRole,
    ) -> bool:
        if role != Qt.ItemDataRole.EditRole or index.column() not in _EDITABLE:
            return False
        kept, text = self._results[index.row()], str(value).strip()
        if index.column() == Column.NOTE:
            self.described.emit(kept.identity, text, list(kept.tags))
        else:
            tags = [tag.strip() for tag in text.split(",") if tag.strip()]
            self.described.emit(kept.identity, kept.note, tags)
        return True

    def _swatch(self, color: tuple[int, int, int]) -> QPixmap:
        swatch = self._swatches.get(color)
        if swatch is None:
            swatch = self._swatches[color] = QPixmap(SWATCH_PX, SWATCH_PX)
            swatch.fill(QColor(*color))
        return swatch

    def _decoration(self, kept: KeptResult, column: Column) -> QPixmap | None:
        if column == Column.CLASS:
            return self._swatch(kept.class_info.color)
        if column == Column.TRUTH and kept.true_info is not None:
            return self._swatch(kept.true_info.color)
        if column != Column.PICTURE:
            return None
        picture = self._pictures.get(kept.identity)
        if picture is None and kept.identity not in self._asked:
            self._asked.add(kept.identity)
            self.thumbnail_wanted.emit(kept.identity)
        return picture


class ResultsFilter(QSortFilterProxyModel):
    """The rows that hold every word of a text, in an order that a click on a column changes."""

    def __init__(self, table: ResultsTable, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._table = table
        self._words: tuple[str, ...] = ()
        self.setSourceModel(table)
        self.setSortRole(SORT_ROLE)
        self.setDynamicSortFilter(True)

    def set_text(self, text: str) -> None:
        """Show the rows that hold every word of `text`."""
        self._words = tuple(text.casefold().split())
        self.invalidate()

    def filterAcceptsRow(self, source_row: int, source_parent: Index) -> bool:
        text = self._table.search_text(source_row) if self._words else ""
        return all(word in text for word in self._words)


def _text(kept: KeptResult, column: Column) -> str:
    match column:
        case Column.PICTURE:
            return ""
        case Column.IMAGE:
            return _image_text(kept)
        case Column.CLASS:
            return kept.class_info.name
        case Column.TRUTH:
            return "" if kept.true_info is None else kept.true_info.name
        case Column.SCORE:
            return f"{kept.scores.image:.2f}"
        case Column.ALONE:
            # Gradients keep nothing that could be scored.
            return "" if kept.settings.is_gradient else f"{kept.scores.object_alone:.2f}"
        case Column.VERDICT:
            return VERDICTS[kept.verdict]
        case Column.NOTE:
            return kept.note
        case Column.TAGS:
            return ", ".join(kept.tags)
        case Column.SETTINGS:
            return settings_in_short(kept.settings)
        case Column.NETWORK:
            return kept.network
        case Column.MADE:
            return kept.created.astimezone().strftime("%Y-%m-%d %H:%M")


def _tip(kept: KeptResult, column: Column) -> str:
    match column:
        case Column.IMAGE | Column.PICTURE:
            place = "It came from no file." if kept.image_path is None else str(kept.image_path)
            return f"{place}\nDouble-click to go back to it"
        case Column.SETTINGS:
            return settings_in_full(kept.settings)
        case Column.NETWORK:
            return f"{kept.network}\nweights {kept.network_sha256[:16]}"
        case Column.CLASS:
            return f"{kept.class_info.name} (class {kept.class_index}), {kept.origin}"
        case Column.TRUTH if kept.true_info is not None:
            return f"By the label map it is {kept.true_info.name} (class {kept.true_class})"
        case Column.TRUTH:
            return "No label map of the image was known"
        case Column.NOTE | Column.TAGS:
            return _text(kept, column) or HEADERS[column][1]
    return _text(kept, column)


def _image_text(kept: KeptResult) -> str:
    name = "no file" if kept.image_path is None else kept.image_path.name
    return f"{name}, page {kept.page + 1}" if kept.page else name


def _sort_key(kept: KeptResult, column: Column) -> object:
    match column:
        case Column.SCORE:
            return kept.scores.image
        case Column.ALONE:
            return kept.scores.object_alone
        case Column.MADE | Column.PICTURE:
            return kept.created.timestamp()
    return _text(kept, column).casefold()


def _bytes_of(picture: QPixmap) -> int:
    return picture.width() * picture.height() * 4
