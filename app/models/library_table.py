"""The table of known networks: what the library says, what is on the disk, what is coming."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt

from app.models.columns import Columns
from gridsal_core.library import LibraryEntry

Presence = Literal["unknown", "absent", "part", "here"]

CLASSES, SIZE, ON_DISK = 2, 3, 6
COLUMNS = Columns(
    ("Network", "Trained on", "Classes", "Size", "From", "Licence", "On disk"),
    numbers=(CLASSES, SIZE),
)
SORT_ROLE = Qt.ItemDataRole.UserRole
SHOWN: dict[Presence, str] = {
    "unknown": "…",
    "absent": "",
    "part": "in part",
    "here": "yes",
}
Index = QModelIndex | QPersistentModelIndex


class LibraryTable(QAbstractTableModel):
    """Rows of `LibraryEntry`. `SORT_ROLE` gives numbers where the text is one."""

    def __init__(self, entries: Sequence[LibraryEntry], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._entries = tuple(entries)
        self._presence: dict[str, Presence] = {}
        self._doing: dict[str, str] = {}

    def entry(self, row: int) -> LibraryEntry:
        """Return the entry of a row."""
        return self._entries[row]

    def presence(self, source: str) -> Presence:
        """Whether a network is on the disk."""
        return self._presence.get(source, "unknown")

    def set_presence(self, presence: Mapping[str, Presence]) -> None:
        """Say which networks are on the disk."""
        self._presence |= presence
        self._column_changed()

    def set_doing(self, source: str, text: str) -> None:
        """Say what is being done about a network, in place of whether it is on the disk."""
        self._doing[source] = text
        self._column_changed()

    def rowCount(self, parent: Index | None = None) -> int:
        return 0 if parent is not None and parent.isValid() else len(self._entries)

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
        entry, column = self._entries[index.row()], index.column()
        if role == Qt.ItemDataRole.DisplayRole:
            return self._texts(entry)[column]
        if role == SORT_ROLE:
            numbers = {CLASSES: entry.classes, SIZE: entry.bytes}
            return numbers.get(column, self._texts(entry)[column])
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return COLUMNS.alignment(column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{entry.source}\n{entry.page}"
        return None

    def _texts(self, entry: LibraryEntry) -> tuple[str, ...]:
        state = self._doing.get(entry.source) or SHOWN[self.presence(entry.source)]
        return (
            entry.title,
            entry.data,
            str(entry.classes),
            size_text(entry.bytes),
            entry.kind,
            entry.license,
            state,
        )

    def _column_changed(self) -> None:
        last = len(self._entries) - 1
        if last >= 0:
            self.dataChanged.emit(self.index(0, ON_DISK), self.index(last, ON_DISK))


def size_text(count: int) -> str:
    """Write a number of bytes as people do: 42 MB, 1.4 GB."""
    if count >= 1e9:
        return f"{count / 1e9:.1f} GB"
    return f"{count / 1e6:.0f} MB" if count >= 1e6 else f"{count / 1e3:.0f} kB"
