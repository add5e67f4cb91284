"""What tables have in common whose cells or lines are chosen by a click or by Enter."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QEvent, QModelIndex, QPersistentModelIndex, Qt
from PySide6.QtGui import QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QTableView

Index = QModelIndex | QPersistentModelIndex

ENTER: Final = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class CellTable(QTableView):
    """Shows what cannot be edited, one thing chosen at a time, in the room that there is."""

    def __init__(self) -> None:
        super().__init__()
        self.setShowGrid(False)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setTabKeyNavigation(False)
        self.clicked.connect(self.choose)

    def fill(self) -> None:
        """Give the cells the size that fills the view."""
        raise NotImplementedError

    def choose(self, index: Index) -> None:
        """Do what a click on a cell, or Enter, asks for; an index may be of no cell."""
        raise NotImplementedError

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in ENTER:
            self.choose(self.currentIndex())
        else:
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self.fill()


class ColouredTable(CellTable):
    """One whose cells are coloured by the theme, and scroll where they are many."""

    def __init__(self) -> None:
        super().__init__()
        self.setCornerButtonEnabled(False)
        self.setHorizontalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setMouseTracking(True)

    def dress(self) -> None:
        """Take the colours of the theme in use."""
        raise NotImplementedError

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() == QEvent.Type.PaletteChange:
            self.dress()


def within(size: int, bounds: tuple[int, int]) -> int:
    """Return a size in pixels, or the bound (least, most) that it exceeds."""
    return min(max(size, bounds[0]), bounds[1])
