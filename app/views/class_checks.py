"""A checklist of classes."""

from __future__ import annotations

from PySide6.QtCore import QSignalBlocker, QSize, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QListWidget,
    QListWidgetItem,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.views.forms import GAP, beside, describe
from app.views.legend_model import swatch
from gridsal_core.types import ClassInfo

ROWS_SEEN = 6
SWATCH = QSize(14, 14)


class ClassChecks(QWidget):
    """Classes with a check box each, and buttons for all and none.

    Parameters
    ----------
    classes
        Of the network; all are checked at first.
    text, tip
        What the list is, for screen readers and as its tooltip.
    """

    changed = Signal()

    def __init__(self, classes: tuple[ClassInfo, ...], text: str, tip: str) -> None:
        super().__init__()
        self.list = QListWidget()
        self.list.setSpacing(2)
        self.list.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.list.setIconSize(SWATCH)
        describe(self.list, text, tip)
        for info in classes:
            item = QListWidgetItem(swatch(info.color), info.name)
            item.setCheckState(Qt.CheckState.Checked)
            self.list.addItem(item)
        height = self.list.sizeHintForRow(0) if classes else 20
        self.list.setMinimumHeight(ROWS_SEEN * height)
        self.all, self.none = QPushButton("All"), QPushButton("None")
        self.all.setToolTip("Check all classes")
        self.none.setToolTip("Check no class, to choose a few")
        for button, state in (
            (self.all, Qt.CheckState.Checked),
            (self.none, Qt.CheckState.Unchecked),
        ):
            button.setAutoDefault(False)
            button.clicked.connect(lambda _on=False, s=state: self._set_all(s))
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(GAP // 2)
        layout.addWidget(self.list, 1)
        layout.addWidget(beside(QWidget(), self.all, self.none, stretch=(0,)))
        self.list.itemChanged.connect(lambda _item: self.changed.emit())

    @property
    def checked(self) -> tuple[int, ...]:
        """The indices of the checked classes."""
        return tuple(
            row
            for row in range(self.list.count())
            if self.list.item(row).checkState() == Qt.CheckState.Checked
        )

    def _set_all(self, state: Qt.CheckState) -> None:
        with QSignalBlocker(self.list):
            for row in range(self.list.count()):
                self.list.item(row).setCheckState(state)
        self.list.viewport().update()
        self.changed.emit()
