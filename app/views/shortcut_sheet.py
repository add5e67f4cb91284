"""The sheet of all shortcuts, by menu, with a field to find one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import (
    QDialog,
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.views.forms import GAP, describe, heading

COLUMNS = 3
LARGEST = QSize(1180, 740)

Entry = tuple[str, str]


class ShortcutSheet(QDialog):
    """Keys beside what they do, in columns of equal height.

    Parameters
    ----------
    parent
        The window that it opens over.
    groups
        By the title of a group, its entries: keys, and what they do.
    """

    def __init__(self, parent: QWidget, groups: Mapping[str, Sequence[Entry]]) -> None:
        super().__init__(parent)
        self.setWindowTitle("Keyboard shortcuts")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._groups = groups
        self.field = QLineEdit()
        self.field.setPlaceholderText("Find a shortcut")
        self.field.setClearButtonEnabled(True)
        describe(self.field, "Find a shortcut", "A part of the keys, or of what they do")
        self._scroll = QScrollArea()
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        describe(self._scroll, "Shortcuts", "Keys, and what they do")
        layout = QVBoxLayout(self)
        layout.addWidget(self.field)
        layout.addWidget(self._scroll, 1)
        self.field.textChanged.connect(self._show)
        sheet = self._show("").sizeHint()
        margins = layout.contentsMargins()
        room = QSize(margins.left() + margins.right(), margins.top() + margins.bottom())
        bar = self._scroll.verticalScrollBar().sizeHint().width()
        whole = sheet + room + QSize(bar, self.field.sizeHint().height() + layout.spacing())
        self.resize(whole.boundedTo(LARGEST))

    @property
    def is_scrolled(self) -> bool:
        """Whether there is more than is seen at once."""
        bars = (self._scroll.verticalScrollBar(), self._scroll.horizontalScrollBar())
        return any(bar.maximum() > 0 for bar in bars)

    def _show(self, text: str) -> QWidget:
        """Show the entries that hold a text; returns what they are on."""
        wanted = text.casefold()
        groups = {
            title: [entry for entry in entries if wanted in " ".join((*entry, title)).casefold()]
            for title, entries in self._groups.items()
        }
        sheet = QWidget()
        layout = QHBoxLayout(sheet)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4 * GAP)
        for titles in columns({title: len(entries) for title, entries in groups.items()}):
            layout.addWidget(_column({title: groups[title] for title in titles}))
        layout.addStretch(1)
        self._scroll.setWidget(sheet)
        return sheet


def columns(lengths: Mapping[str, int], count: int = COLUMNS) -> list[list[str]]:
    """Divide groups into columns, in their order, each filled up to an equal share of the rows."""
    kept = {title: length + 1 for title, length in lengths.items() if length}
    share = sum(kept.values()) / count
    result: list[list[str]] = [[]]
    rows = 0
    for title, length in kept.items():
        # A group goes where most of it belongs.
        if result[-1] and rows + length / 2 > share * len(result) and len(result) < count:
            result.append([])
        result[-1].append(title)
        rows += length
    return result


def _column(groups: Mapping[str, Sequence[Entry]]) -> QWidget:
    column = QWidget()
    grid = QGridLayout(column)
    grid.setContentsMargins(0, 0, 0, 0)
    grid.setHorizontalSpacing(2 * GAP)
    grid.setVerticalSpacing(2)
    for title, entries in groups.items():
        row = grid.rowCount()
        label = heading(title)
        label.setContentsMargins(0, GAP if row > 1 else 0, 0, 0)
        grid.addWidget(label, row, 0, 1, 2)
        for keys, said in entries:
            row += 1
            grid.addWidget(QLabel(f"<b>{keys}</b>"), row, 0)
            grid.addWidget(QLabel(said), row, 1)
    grid.setRowStretch(grid.rowCount(), 1)
    return column
