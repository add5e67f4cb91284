"""The names and colours of a network's classes, to be filled in."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtGui import QColor, QGuiApplication, QKeyEvent, QKeySequence, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QColorDialog,
    QComboBox,
    QHeaderView,
    QLabel,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.views.forms import beside, note, shrinkable
from gridsal_core.class_sets import CLASS_SETS, class_sets_for
from gridsal_core.palette import numbered_classes
from gridsal_core.types import ClassInfo

SWATCH = QSize(14, 14)
ROW_HEIGHT, LEAST_ROWS = 26, 10
COLOR, NAME = 0, 1
NUMBERED, OWN = "numbered", "own"
# What the one channel of a sigmoid network stands for.
TWO_SIDES = ("background", "foreground")


class ClassNames(QWidget):
    """A table of classes, and a choice of the known sets that have as many.

    Names are typed, pasted one a line, or taken from a set. A double click on a colour changes it.
    """

    edited = Signal()
    """Of a name, a colour, or all of them by the choice of a set."""

    def __init__(self) -> None:
        super().__init__()
        self._is_named = False
        self.sets = QComboBox()
        self.sets.setAccessibleName("Use names of")
        self.sets.setToolTip("Known sets that have as many classes.")
        shrinkable(self.sets)
        self.table = _Table()
        self._hint = note()
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(6)
        label = QLabel("Use names of")
        label.setBuddy(self.sets)
        layout.addWidget(beside(label, self.sets, stretch=(1,)))
        layout.addWidget(self.table, 1)
        layout.addWidget(self._hint)
        self.sets.activated.connect(self._on_set)
        self.table.itemChanged.connect(self._on_item)
        self.table.cellDoubleClicked.connect(self._on_double_click)
        self.set_count(0)

    @property
    def classes(self) -> tuple[ClassInfo, ...]:
        """What was named; empty while nothing was, and numbers have to do."""
        if not self._is_named:
            return ()
        return tuple(self._class(row) for row in range(self.table.rowCount()))

    def set_classes(self, classes: Sequence[ClassInfo], *, is_named: bool) -> None:
        """Show these; `is_named` says whether they are more than numbers."""
        self._is_named = is_named
        self._fill(classes)
        self._propose()

    def set_count(self, count: int) -> None:
        """Show so many classes; the names of those that stay are kept."""
        kept = self.classes[:count]
        numbered = numbered_classes(count)
        if count == len(TWO_SIDES) and not kept:
            pairs = zip(TWO_SIDES, numbered, strict=True)
            numbered = tuple(ClassInfo(name, entry.color) for name, entry in pairs)
        self._fill((*kept, *numbered[len(kept) :]))
        self._propose()

    def _fill(self, classes: Sequence[ClassInfo]) -> None:
        with QSignalBlocker(self.table):
            self.table.setRowCount(len(classes))
            for row, entry in enumerate(classes):
                self.table.setItem(row, COLOR, _color_item(row, QColor(*entry.color)))
                self.table.setItem(row, NAME, QTableWidgetItem(entry.name))

    def _propose(self) -> None:
        rows = self.table.rowCount()
        fitting = class_sets_for(rows)
        with QSignalBlocker(self.sets):
            self.sets.clear()
            self.sets.addItem("No set: numbers only", NUMBERED)
            for name in fitting:
                self.sets.addItem(name, name)
            self.sets.addItem("My own", OWN)
            self.sets.setCurrentIndex(self.sets.findData(self._chosen(fitting)))
        self._hint.setText(_hint(rows, fitting if not self.classes else ()))
        self.setEnabled(rows > 0)

    def _chosen(self, fitting: Sequence[str]) -> str:
        classes = self.classes
        if not classes:
            return NUMBERED
        return next((name for name in fitting if CLASS_SETS[name] == classes), OWN)

    def _class(self, row: int) -> ClassInfo:
        name, color = self.table.item(row, NAME), self.table.item(row, COLOR)
        text = name.text().strip() if name is not None else ""
        shade = QColor(color.data(Qt.ItemDataRole.UserRole)) if color is not None else QColor()
        return ClassInfo(text or f"class {row}", (shade.red(), shade.green(), shade.blue()))

    def _on_set(self) -> None:
        chosen = self.sets.currentData()
        if chosen == OWN:
            self._is_named = True
            self.table.setCurrentCell(0, NAME)
            self.table.setFocus()
        elif chosen == NUMBERED:
            self._is_named = False
            self.set_count(self.table.rowCount())
        else:
            self.set_classes(CLASS_SETS[chosen], is_named=True)
        self.edited.emit()

    def _on_item(self, _item: QTableWidgetItem) -> None:
        self._is_named = True
        self._propose()
        self.edited.emit()

    def _on_double_click(self, row: int, column: int) -> None:
        if column != COLOR:
            return
        entry = self._class(row)
        color = QColorDialog.getColor(QColor(*entry.color), self, f"Colour of {entry.name}")
        if color.isValid():
            self.table.setItem(row, COLOR, _color_item(row, color))


class _Table(QTableWidget):
    """Takes pasted lines as names, one a row from the current one on."""

    def __init__(self) -> None:
        super().__init__(0, 2)
        self.setAccessibleName("Names and colours of the classes")
        self.setToolTip("One row for each output channel; a double click or F2 edits a cell")
        self.horizontalHeader().hide()
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(ROW_HEIGHT)
        self.horizontalHeader().setSectionResizeMode(NAME, QHeaderView.ResizeMode.Stretch)
        self.setColumnWidth(COLOR, 4 * SWATCH.width())
        self.setMinimumHeight(LEAST_ROWS * ROW_HEIGHT)
        self.setShowGrid(False)
        self.setIconSize(SWATCH)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setTabKeyNavigation(False)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.matches(QKeySequence.StandardKey.Paste):
            self._paste(QGuiApplication.clipboard().text())
        else:
            super().keyPressEvent(event)

    def _paste(self, text: str) -> None:
        first = max(self.currentRow(), 0)
        names = [line.strip() for line in text.splitlines() if line.strip()]
        for row, name in enumerate(names, first):
            item = self.item(row, NAME)
            if item is not None:
                item.setText(name)


def _hint(rows: int, fitting: Sequence[str]) -> str:
    if fitting:
        return f"{' and '.join(fitting)} would fit: {rows} classes as well."
    return "Type a name, or paste names, one a line; double-click a colour to change it."


def _color_item(row: int, color: QColor) -> QTableWidgetItem:
    item = QTableWidgetItem(str(row))
    pixmap = QPixmap(SWATCH)
    pixmap.fill(color)
    item.setData(Qt.ItemDataRole.DecorationRole, pixmap)
    item.setData(Qt.ItemDataRole.UserRole, color.name())
    item.setToolTip(f"{color.name()}; double-click to change it")
    item.setFlags(Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable)
    return item
