"""How far a map can be trusted: its curves, their areas, and what they say in words."""

from __future__ import annotations

from typing import Final

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QProgressBar,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from app.views.curve_plot import CurvePlot, LineSample
from app.views.forms import GAP, heading, note
from gridsal_core.checks.result import ORDERS, Check

SIZE: Final = QSize(940, 700)
SMALLEST: Final = QSize(680, 620)
WAITING: Final = "Being measured…"
INSERTION: Final = (
    "Cells are put back into the image without them. Under a good map the score rises early: "
    "a larger area is better."
)
DELETION: Final = (
    "Cells are taken out of the whole image. Under a good map the score falls early: "
    "a smaller area is better."
)
SHUFFLED: Final = (
    "The network is explained again with its weights shuffled, so that it knows nothing any more. "
    "A map that still comes out the same shows the image, not what was learnt."
)
MEANINGS: Final = {
    "map": "the most salient cells first",
    "random": "cells in any order, the mean of several",
    "dilation": "the cells nearest to the region first",
}


class CheckDialog(QDialog):
    """Shows a check from its beginning on; closed before its end, it is cancelled.

    It stays open beside the window, so that several can be compared.

    Parameters
    ----------
    title
        What is checked.
    parent
        The Qt owner.
    """

    save_clicked = Signal()

    def __init__(self, title: str, parent: QWidget | None) -> None:
        super().__init__(parent)
        self.setWindowTitle(title)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.order, self.weights = _verdict(), _verdict()
        self.insertion = CurvePlot("Insertion curves", "share of the cells put back")
        self.deletion = CurvePlot("Deletion curves", "share of the cells taken out")
        self.areas = {order: (_number(), _number()) for order in ORDERS}
        self._progress = QWidget()
        self._bar, self._text = QProgressBar(), note("Waiting for the engine…")
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 0)
        self._bar.setAccessibleName("Progress of the check")
        self.save, self.leave = QPushButton("Save curves…"), QPushButton("Cancel")
        self.leave.setToolTip("End the check, or close its results")
        self.save.setToolTip("Save the points of all curves as CSV")
        self.save.setAutoDefault(False)
        self.save.setEnabled(False)
        self.leave.setDefault(True)
        self._lay_out()
        self.save.clicked.connect(self.save_clicked)
        self.leave.clicked.connect(self.reject)
        self.setMinimumSize(SMALLEST)
        self.resize(SIZE)

    @property
    def progress_text(self) -> str:
        """What is said of how far the check is; empty once it is done."""
        return "" if self._progress.isHidden() else self._text.text()

    def set_progress(self, done: int, total: int, text: str) -> None:
        """Say how far the check is."""
        self._bar.setRange(0, total)
        self._bar.setValue(done)
        self._text.setText(text)

    def set_check(self, check: Check) -> None:
        """Show what was found."""
        self.insertion.set_curves(check.curves.insertion)
        self.deletion.set_curves(check.curves.deletion)
        for row in check.areas:
            put, taken = self.areas[row.order]
            put.setText(f"{row.insertion:.3f}")
            taken.setText(f"{row.deletion:.3f}")
        self.order.setText(check.order_told)
        self.weights.setText(check.weights_told)
        self._progress.hide()
        self.leave.setText("Close")
        self.save.setEnabled(True)

    def _lay_out(self) -> None:
        progress = QHBoxLayout(self._progress)
        progress.setContentsMargins(0, 0, 0, 0)
        progress.setSpacing(GAP)
        progress.addWidget(self._bar, 1)
        progress.addWidget(self._text, 1)
        plots = QGridLayout()
        plots.setHorizontalSpacing(2 * GAP)
        plots.setVerticalSpacing(GAP // 2)
        parts = (
            ("Insertion", INSERTION, self.insertion),
            ("Deletion", DELETION, self.deletion),
        )
        for column, (name, meaning, plot) in enumerate(parts):
            plots.addWidget(heading(name), 0, column)
            plots.addWidget(note(meaning), 1, column)
            plots.addWidget(plot, 2, column)
            plots.setColumnStretch(column, 1)
        plots.setRowStretch(2, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(2 * GAP, 2 * GAP, 2 * GAP, 2 * GAP)
        layout.setSpacing(GAP)
        layout.addWidget(heading("Does the map rank the cells well?"))
        layout.addWidget(self.order)
        layout.addLayout(plots, 1)
        layout.addLayout(self._table())
        layout.addSpacing(GAP)
        layout.addWidget(heading("Does the map depend on what the network learnt?"))
        layout.addWidget(self.weights)
        layout.addWidget(note(SHUFFLED))
        layout.addSpacing(GAP)
        layout.addWidget(self._progress)
        buttons = QDialogButtonBox()
        buttons.addButton(self.save, QDialogButtonBox.ButtonRole.ActionRole)
        buttons.addButton(self.leave, QDialogButtonBox.ButtonRole.RejectRole)
        layout.addWidget(buttons)

    def _table(self) -> QGridLayout:
        """The areas by order; it is the legend of both plots too."""
        table = QGridLayout()
        table.setHorizontalSpacing(2 * GAP)
        table.setVerticalSpacing(4)
        right = Qt.AlignmentFlag.AlignRight
        table.addWidget(heading("Order"), 0, 1)
        table.addWidget(heading("Insertion area"), 0, 2, right)
        table.addWidget(heading("Deletion area"), 0, 3, right)
        for row, (order, title) in enumerate(ORDERS.items(), start=1):
            put, taken = self.areas[order]
            put.setAccessibleName(f"Insertion area, {title}")
            taken.setAccessibleName(f"Deletion area, {title}")
            table.addWidget(LineSample(order), row, 0)
            table.addWidget(QLabel(title), row, 1)
            table.addWidget(put, row, 2, right)
            table.addWidget(taken, row, 3, right)
            table.addWidget(note(MEANINGS[order]), row, 4)
        table.setColumnStretch(4, 1)
        return table


def _verdict() -> QLabel:
    label = QLabel(WAITING)
    label.setWordWrap(True)
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label


def _number() -> QLabel:
    label = QLabel("–")
    label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
    return label
