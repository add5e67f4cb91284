"""The queue as a table: image, class, pixels, settings, progress and time left of each request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from PySide6.QtCore import (
    QAbstractTableModel,
    QByteArray,
    QMimeData,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    Qt,
    Signal,
)
from PySide6.QtGui import QColor, QPixmap

from app.models.columns import Columns
from app.models.queue import QueueEntry, RequestQueue
from app.models.running import duration
from app.models.settings_words import settings_in_short

IMAGE, CLASS, PIXELS, SETTINGS, PROGRESS, TIME_LEFT = range(6)
PROGRESS_ROLE: Final = Qt.ItemDataRole.UserRole + 1
"""Share that is done, 0 to 1; None where there is no bar to draw."""
STATUS_ROLE: Final = Qt.ItemDataRole.UserRole + 2
MIME: Final = "application/x-gridsal-queue"
SWATCH_PX: Final = 12
_TIPS: Final = (
    "The image, and its page",
    "The class that is explained",
    "Size of the region in working pixels",
    "How it is explained: method, mask in cells, and what tells requests apart",
    "How far it is, or what became of it",
    "Estimated time until it is done, with all that runs before it",
)
COLUMNS: Final = Columns(
    ("Image", "Class", "Pixels", "Settings", "Progress", "Time left"),
    numbers=(PIXELS, TIME_LEFT),
    tips=_TIPS,
)

Index = QModelIndex | QPersistentModelIndex


class QueueTable(QAbstractTableModel):
    """Rows of a RequestQueue; rows that are dropped elsewhere are told, not moved here."""

    dropped = Signal(object, int)
    """The list of QueueEntry that was dragged, and the row it was dropped before."""

    def __init__(self, queue: RequestQueue, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queue = queue
        self._rows: list[QueueEntry] = list(queue.entries)
        queue.entries_changed.connect(self._follow)
        queue.entry_changed.connect(self._on_entry)

    def entry(self, row: int) -> QueueEntry:
        """Return the entry of a row."""
        return self._rows[row]

    def row_of(self, entry: QueueEntry) -> int:
        """Return the row of an entry, -1 if it has none."""
        return self._rows.index(entry) if entry in self._rows else -1

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._rows)

    def columnCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(COLUMNS.titles)

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> object:
        return COLUMNS.header(section, orientation, role)

    def data(self, index: Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:
        if not 0 <= index.row() < len(self._rows):
            return None
        entry, column = self._rows[index.row()], index.column()
        match role:
            case Qt.ItemDataRole.DisplayRole:
                return _texts(entry)[column]
            case Qt.ItemDataRole.DecorationRole if column == CLASS:
                return _swatch(entry.asked.class_info.color)
            case Qt.ItemDataRole.ToolTipRole:
                return _tip(entry, column)
            case Qt.ItemDataRole.TextAlignmentRole:
                return COLUMNS.alignment(column)
            case Qt.ItemDataRole.AccessibleTextRole:
                return f"{COLUMNS.titles[column]}: {_texts(entry)[column] or 'unknown'}"
            case _ if role == STATUS_ROLE:
                return entry.status
            case _ if role == PROGRESS_ROLE and entry.status in ("running", "paused"):
                return entry.step / max(entry.asked.settings.planned, 1)
        return None

    def flags(self, index: Index) -> Qt.ItemFlag:
        flags = super().flags(index)
        if index.isValid():
            return flags | Qt.ItemFlag.ItemIsDragEnabled | Qt.ItemFlag.ItemNeverHasChildren
        return flags | Qt.ItemFlag.ItemIsDropEnabled

    def supportedDropActions(self) -> Qt.DropAction:
        return Qt.DropAction.MoveAction

    def mimeTypes(self) -> list[str]:
        return [MIME]

    def mimeData(self, indexes: Sequence[QModelIndex]) -> QMimeData:
        rows = sorted({index.row() for index in indexes})
        data = QMimeData()
        data.setData(MIME, QByteArray(" ".join(map(str, rows)).encode("ascii")))
        return data

    def dropMimeData(
        self, data: QMimeData, action: Qt.DropAction, row: int, column: int, parent: Index
    ) -> bool:
        if not data.hasFormat(MIME):
            return False
        numbers = [int(text) for text in bytes(data.data(MIME).data()).split()]
        entries = [self._rows[number] for number in numbers if number < len(self._rows)]
        self.dropped.emit(entries, len(self._rows) if row < 0 else row)
        return False  # the rows have moved already; the view must not take them away

    def _follow(self) -> None:
        """Bring rows in line with the queue, so that the selection stays on its entries."""
        wanted = list(self._queue.entries)
        kept = set(wanted)
        for row in reversed(range(len(self._rows))):
            if self._rows[row] not in kept:
                self.beginRemoveRows(QModelIndex(), row, row)
                del self._rows[row]
                self.endRemoveRows()
        known = set(self._rows)
        new = [entry for entry in wanted if entry not in known]
        if new:
            first = len(self._rows)
            self.beginInsertRows(QModelIndex(), first, first + len(new) - 1)
            self._rows += new
            self.endInsertRows()
        if wanted != self._rows:
            self.layoutAboutToBeChanged.emit()
            rows = {entry: row for row, entry in enumerate(wanted)}
            old = self.persistentIndexList()
            places = [self.index(rows[self._rows[i.row()]], i.column()) for i in old]
            self._rows = wanted
            self.changePersistentIndexList(old, places)
            self.layoutChanged.emit()

    def _on_entry(self, entry: QueueEntry) -> None:
        row = self.row_of(entry)
        if row >= 0:
            self.dataChanged.emit(self.index(row, PROGRESS), self.index(row, TIME_LEFT))


def _texts(entry: QueueEntry) -> tuple[str, ...]:
    asked = entry.asked
    page = f", page {asked.view.page + 1}" if asked.view.page else ""
    left = entry.time_left
    return (
        asked.view.path.name + page,
        asked.class_info.name,
        f"{asked.pixels:,}",
        settings_in_short(asked.settings, with_steps=False),
        _progress(entry),
        "" if left is None else duration(left),
    )


def _progress(entry: QueueEntry) -> str:
    planned = f"{entry.step:,} of {entry.asked.settings.planned:,}"
    match entry.status:
        case "running":
            return planned if entry.step else "starting"
        case "paused":
            return f"{planned}, paused"
        case "failed":
            return f"failed: {entry.reason}"
        case "waiting":
            unit = "gradients" if entry.asked.settings.is_gradient else "steps"
            return entry.reason or f"waiting, {entry.asked.settings.planned:,} {unit}"
        case "stopped" if entry.result is not None:
            return f"stopped after {entry.step:,}"
    return entry.status


def _tip(entry: QueueEntry, column: int) -> str:
    if column == PROGRESS and entry.reason:
        return entry.reason
    if column == IMAGE:
        return str(entry.asked.view.path)
    if column == CLASS:
        return f"{entry.asked.class_info.name}, {entry.asked.origin}"
    return _texts(entry)[column]


def _swatch(color: tuple[int, int, int]) -> QPixmap:
    pixmap = QPixmap(SWATCH_PX, SWATCH_PX)
    pixmap.fill(QColor(*color))
    return pixmap
